#include "aws/credential_chain.hpp"

#include <utility>
#include <vector>

#include "aws/container.hpp"
#include "aws/environment_fetcher.hpp"
#include "aws/instance_metadata.hpp"
#include "aws/profile_files.hpp"
#include "aws/profile_source.hpp"
#include "aws/refreshing_source.hpp"
#include "aws/role_fetcher.hpp"
#include "aws/web_identity.hpp"
#include "base/log.hpp"

namespace twinshift::aws {
namespace {

using base::ErrorKind;

std::string profile_tried(const ChainOptions& surroundings) {
  const auto files = load_profile_files(surroundings.environment);
  return "profile " + profile_name(surroundings.environment, surroundings.profile) + ": no credentials in " +
         (files ? files->looked_at() : "its files");
}

// Looks for the first way that is configured, keeps to it, and asks it each time.
class ChainFetcher final : public CredentialFetcher {
 public:
  explicit ChainFetcher(ChainOptions surroundings) : surroundings_(std::move(surroundings)) {}

  base::Result<Credentials> fetch(std::stop_token stop) override {
    if (chosen_) return chosen_->fetch(std::move(stop));
    auto found = find();
    if (!found) return base::fail(std::move(found.error()));
    if (*found) return choose(std::move(*found), stop);
    return last_resort(stop);
  }

  [[nodiscard]] bool keeps_expired() const override { return chosen_ && chosen_->keeps_expired(); }

 private:
  // Null where only the instance metadata service is left.
  MaybeFetcher find() const {
    if (!surroundings_.profile.empty()) return profile_fetcher(surroundings_);
    MaybeFetcher found = environment_fetcher(surroundings_.environment);
    if (found && !*found) found = web_identity_of_environment(surroundings_);
    if (found && !*found) found = profile_fetcher(surroundings_);
    if (found && !*found) found = container_fetcher(surroundings_);
    return found;
  }

  // Once it has given some, it stays; until then the files may still be mended.
  base::Result<Credentials> choose(std::unique_ptr<CredentialFetcher> fetcher, const std::stop_token& stop) {
    auto got = fetcher->fetch(stop);
    if (!got) return got;
    base::log::info("AWS credentials found").add("source", got->source);
    chosen_ = std::move(fetcher);
    return got;
  }

  base::Result<Credentials> last_resort(const std::stop_token& stop) {
    auto metadata = instance_metadata_fetcher(surroundings_);
    if (!metadata) return base::fail(std::move(metadata.error()));
    if (!*metadata) return nothing_found("switched off by AWS_EC2_METADATA_DISABLED");
    auto got = choose(std::move(*metadata), stop);
    if (got || got.error().kind == ErrorKind::cancelled) return got;
    return nothing_found(got.error().message + " (" + got.error().where + ")");
  }

  std::unexpected<base::Error> nothing_found(const std::string& metadata) const {
    return base::fail(ErrorKind::invalid, "No AWS credentials were found",
                      "tried: environment: AWS_ACCESS_KEY_ID is not set; web identity: AWS_WEB_IDENTITY_TOKEN_FILE is "
                      "not set; " +
                          profile_tried(surroundings_) +
                          "; container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and _FULL_URI are not set; instance "
                          "metadata: " +
                          metadata,
                      "Run the service with an IAM role (ECS task, EKS service account, EC2 instance), or set "
                      "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE");
  }

  const ChainOptions surroundings_;
  std::unique_ptr<CredentialFetcher> chosen_;
};

// Makes the role's fetcher at its first fetch: making a source does no I/O, and region and endpoint may need files.
class LateRoleFetcher final : public CredentialFetcher {
 public:
  explicit LateRoleFetcher(RoleOptions options) : options_(std::move(options)) {}

  base::Result<Credentials> fetch(std::stop_token stop) override {
    if (!made_) {
      auto made = role_fetcher(options_.surroundings,
                               {.arn = options_.role_arn,
                                .session_name = options_.session_name,
                                .external_id = options_.external_id,
                                .duration = options_.duration,
                                .source = "role " + options_.role_arn},
                               options_.base);
      if (!made) return base::fail(std::move(made.error()));
      made_ = std::move(*made);
    }
    return made_->fetch(std::move(stop));
  }

 private:
  const RoleOptions options_;
  std::unique_ptr<CredentialFetcher> made_;
};

}  // namespace

std::shared_ptr<CredentialSource> make_credential_chain(ChainOptions options) {
  const base::Clock& clock = *options.clock;
  std::stop_token stop = options.stop;
  return std::make_shared<RefreshingSource>(std::make_unique<ChainFetcher>(std::move(options)), clock, std::move(stop));
}

std::shared_ptr<CredentialSource> assume_role(RoleOptions options) {
  const base::Clock& clock = *options.surroundings.clock;
  std::stop_token stop = options.surroundings.stop;
  return std::make_shared<RefreshingSource>(std::make_unique<LateRoleFetcher>(std::move(options)), clock,
                                            std::move(stop));
}

}  // namespace twinshift::aws
