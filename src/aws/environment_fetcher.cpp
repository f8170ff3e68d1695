#include "aws/environment_fetcher.hpp"

#include <utility>

#include "aws/credential_check.hpp"
#include "aws/iso_time.hpp"

namespace twinshift::aws {
namespace {

constexpr std::string_view kHint =
    "Set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN for "
    "temporary ones), or neither";

base::Result<Credentials> read(const Environment& environment) {
  Credentials credentials{.access_key_id = environment("AWS_ACCESS_KEY_ID"),
                          .secret_access_key = environment("AWS_SECRET_ACCESS_KEY"),
                          .session_token = environment("AWS_SESSION_TOKEN"),
                          .expires_at = iso_time(environment("AWS_CREDENTIAL_EXPIRATION")),
                          .source = "environment"};
  if (credentials.session_token.empty()) credentials.session_token = environment("AWS_SECURITY_TOKEN");
  return checked(std::move(credentials), "environment", kHint);
}

// Keeps the variables, not the keys: they are read at each fetch.
class EnvironmentFetcher final : public CredentialFetcher {
 public:
  explicit EnvironmentFetcher(Environment environment) : environment_(std::move(environment)) {}
  base::Result<Credentials> fetch(std::stop_token /*stop*/) override { return read(environment_); }
  // Nobody can renew them; whether they are over is for AWS to say.
  [[nodiscard]] bool keeps_expired() const override { return true; }

 private:
  const Environment environment_;
};

}  // namespace

MaybeFetcher environment_fetcher(const Environment& environment) {
  if (environment("AWS_ACCESS_KEY_ID").empty() && environment("AWS_SECRET_ACCESS_KEY").empty()) return nullptr;
  if (auto good = read(environment); !good) return base::fail(std::move(good.error()));
  return std::make_unique<EnvironmentFetcher>(environment);
}

}  // namespace twinshift::aws
