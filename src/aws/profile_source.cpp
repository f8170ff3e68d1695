#include "aws/profile_source.hpp"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "aws/container.hpp"
#include "aws/credential_check.hpp"
#include "aws/environment_fetcher.hpp"
#include "aws/instance_metadata.hpp"
#include "aws/process_fetcher.hpp"
#include "aws/profile_files.hpp"
#include "aws/refreshing_source.hpp"
#include "aws/role_fetcher.hpp"
#include "aws/web_identity.hpp"

namespace twinshift::aws {
namespace {

using base::ErrorKind;

std::string label(const std::string& profile) {
  return "profile " + profile;
}

std::unexpected<base::Error> refuse(const std::string& profile, std::string what, std::string hint) {
  return base::fail(ErrorKind::invalid, std::move(what), label(profile), std::move(hint));
}

bool has_keys(const Section& section) {
  return section.has("aws_access_key_id") || section.has("aws_secret_access_key");
}

bool is_interactive(const Section& section) {
  return section.has("sso_start_url") || section.has("sso_session") || section.has("sso_account_id") ||
         section.has("login_session");
}

// Reads the files again at each fetch: whoever rotates keys writes them there.
class KeysFetcher final : public CredentialFetcher {
 public:
  KeysFetcher(std::string profile, Environment environment)
      : profile_(std::move(profile)), environment_(std::move(environment)) {}

  base::Result<Credentials> fetch(std::stop_token /*stop*/) override {
    const auto files = load_profile_files(environment_);
    if (!files) return base::fail(files.error());
    const Section* const section = files->profile(profile_);
    return read(profile_, section == nullptr ? Section{} : *section);
  }

  static base::Result<Credentials> read(const std::string& profile, const Section& section) {
    return checked({.access_key_id = section.get("aws_access_key_id"),
                    .secret_access_key = section.get("aws_secret_access_key"),
                    .session_token = section.get("aws_session_token"),
                    .expires_at = std::nullopt,
                    .source = label(profile)},
                   label(profile), "Set both aws_access_key_id and aws_secret_access_key there");
  }

 private:
  const std::string profile_;
  const Environment environment_;
};

class Resolver {
 public:
  Resolver(const ChainOptions& surroundings, ProfileFiles files)
      : surroundings_(surroundings), files_(std::move(files)) {}

  // `named` by us: it must give some. Recursion is bounded by kProfileChainMax.
  MaybeFetcher resolve(const std::string& profile, bool named, bool as_source);
  [[nodiscard]] const ProfileFiles& files() const { return files_; }

 private:
  MaybeFetcher role(const std::string& profile, const Section& section);
  MaybeFetcher keys(const std::string& profile, const Section& section) const;
  base::Result<Role> role_of(const std::string& profile, const Section& section) const;
  base::Result<std::shared_ptr<CredentialSource>> source_of(const std::string& profile, const Section& section);
  MaybeFetcher by_source_profile(const std::string& profile, const std::string& source);
  MaybeFetcher by_credential_source(const std::string& profile, const std::string& source) const;

  const ChainOptions& surroundings_;
  const ProfileFiles files_;
  std::vector<std::string> visited_;
};

MaybeFetcher Resolver::resolve(const std::string& profile, bool named, bool as_source) {
  const Section* const section = files_.profile(profile);
  if (section == nullptr) {
    if (!named) return nullptr;
    return refuse(profile, "There is no such AWS profile in " + files_.looked_at(),
                  "Check its name, and AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE");
  }
  if (as_source && has_keys(*section)) return keys(profile, *section);
  if (section->has("role_arn")) return role(profile, *section);
  if (has_keys(*section)) return keys(profile, *section);
  if (section->has("credential_process")) return process_fetcher(section->get("credential_process"), label(profile));
  if (is_interactive(*section)) {
    return refuse(profile, "An SSO or login profile needs a person at a browser, which a service has not",
                  "Give the service a role (task, pod or instance), or let a profile with credential_process = aws "
                  "configure export-credentials --profile " +
                      profile + " --format process ask the AWS CLI");
  }
  if (!named) return nullptr;
  return refuse(profile, "The AWS profile says nothing of credentials",
                "Set keys, role_arn with source_profile or credential_source, or credential_process there");
}

MaybeFetcher Resolver::keys(const std::string& profile, const Section& section) const {
  if (auto good = KeysFetcher::read(profile, section); !good) return base::fail(std::move(good.error()));
  return std::make_unique<KeysFetcher>(profile, surroundings_.environment);
}

base::Result<Role> Resolver::role_of(const std::string& profile, const Section& section) const {
  if (section.has("mfa_serial")) {
    return refuse(profile, "A role with mfa_serial asks a person for a code, which a service has not",
                  "Use a role whose trust policy asks for none");
  }
  Role role;
  role.arn = section.get("role_arn");
  role.source = label(profile);
  role.external_id = section.get("external_id");
  if (section.has("role_session_name")) role.session_name = section.get("role_session_name");
  if (const std::string text = section.get("duration_seconds"); !text.empty()) {
    int seconds = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    const bool number = fault == std::errc() && end == text.data() + text.size();
    // STS API reference, AssumeRole, DurationSeconds.
    if (!number || seconds < 900 || seconds > 43'200) {
      return refuse(profile, "duration_seconds is no number from 900 to 43200", "Mend it, or leave it out");
    }
    role.duration = std::chrono::seconds(seconds);
  }
  return role;
}

MaybeFetcher Resolver::role(const std::string& profile, const Section& section) {
  auto role = role_of(profile, section);
  if (!role) return base::fail(std::move(role.error()));
  const int ways = static_cast<int>(section.has("source_profile")) +
                   static_cast<int>(section.has("credential_source")) +
                   static_cast<int>(section.has("web_identity_token_file"));
  if (ways != 1) {
    return refuse(profile,
                  ways == 0 ? "role_arn says which role, but nothing says who takes it"
                            : "More than one setting says who takes the role",
                  "Set exactly one of source_profile, credential_source and web_identity_token_file");
  }
  if (section.has("web_identity_token_file")) {
    return web_identity_fetcher(surroundings_, std::move(*role), section.get("web_identity_token_file"));
  }
  auto source = source_of(profile, section);
  if (!source) return base::fail(std::move(source.error()));
  return role_fetcher(surroundings_, std::move(*role), std::move(*source));
}

base::Result<std::shared_ptr<CredentialSource>> Resolver::source_of(const std::string& profile,
                                                                    const Section& section) {
  auto fetcher = section.has("source_profile") ? by_source_profile(profile, section.get("source_profile"))
                                               : by_credential_source(profile, section.get("credential_source"));
  if (!fetcher) return base::fail(std::move(fetcher.error()));
  return std::make_shared<RefreshingSource>(std::move(*fetcher), *surroundings_.clock, surroundings_.stop);
}

MaybeFetcher Resolver::by_source_profile(const std::string& profile, const std::string& source) {
  visited_.push_back(profile);
  const Section* const section = files_.profile(source);
  const bool looping = std::find(visited_.begin(), visited_.end(), source) != visited_.end();
  // A profile may name itself: its keys then take its role.
  const bool own_keys = source == profile && section != nullptr && has_keys(*section);
  if ((looping && !own_keys) || visited_.size() > kProfileChainMax) {
    return refuse(profile,
                  looping ? "source_profile leads back to where it came from" : "source_profile leads on too far",
                  "Let the last profile of the row have keys or a credential_source");
  }
  return resolve(source, true, true);
}

MaybeFetcher Resolver::by_credential_source(const std::string& profile, const std::string& source) const {
  MaybeFetcher fetcher = nullptr;
  if (source == "Environment") {
    fetcher = environment_fetcher(surroundings_.environment);
  } else if (source == "EcsContainer") {
    fetcher = container_fetcher(surroundings_);
  } else if (source == "Ec2InstanceMetadata") {
    fetcher = instance_metadata_fetcher(surroundings_);
  } else {
    return refuse(profile, "credential_source is none that we know",
                  "Write Environment, EcsContainer or Ec2InstanceMetadata");
  }
  if (!fetcher || *fetcher) return fetcher;
  return refuse(profile, "credential_source = " + source + ", but that is not set up here",
                "Set it up, or name another source");
}

}  // namespace

MaybeFetcher profile_fetcher(const ChainOptions& surroundings) {
  auto files = load_profile_files(surroundings.environment);
  if (!files) return base::fail(std::move(files.error()));
  const std::string name = profile_name(surroundings.environment, surroundings.profile);
  Resolver resolver(surroundings, std::move(*files));
  const bool ours = !surroundings.profile.empty();
  // AWS_PROFILE must be there, but may hold a region only.
  const bool missing = resolver.files().profile(name) == nullptr;
  const bool asked_for = ours || (missing && !surroundings.environment("AWS_PROFILE").empty());
  return resolver.resolve(name, asked_for, false);
}

}  // namespace twinshift::aws
