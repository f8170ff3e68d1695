#include "aws/web_identity.hpp"

#include <utility>

#include "aws/small_file.hpp"
#include "aws/sts.hpp"
#include "aws/uri.hpp"

namespace twinshift::aws {
namespace {

// The token is in the request, and whatever answered may have quoted it, whole or cut: then its text is left out.
void leave_out(Failure& failure, const std::string& token) {
  const bool quoted = failure.message.find(token) != std::string::npos ||
                      failure.message.find(percent_encode(token)) != std::string::npos;
  if (quoted) failure.error.message = "STS answers " + failure.code + " (its text quotes our token and is left out)";
}

class WebIdentityFetcher final : public CredentialFetcher {
 public:
  WebIdentityFetcher(std::unique_ptr<Client> client, Role role, std::string token_file)
      : client_(std::move(client)), role_(std::move(role)), token_file_(std::move(token_file)) {}

  base::Result<Credentials> fetch(std::stop_token stop) override {
    auto first = fetch_once(stop);
    if (first || !expired_) return first;
    return fetch_once(stop);  // the file may have been renewed while we asked
  }

 private:
  base::Result<Credentials> fetch_once(const std::stop_token& stop) {
    expired_ = false;
    auto token = read_token_file(token_file_);
    if (!token) {
      token.error().kind = base::ErrorKind::unavailable;
      return base::fail(std::move(token.error()));
    }
    std::string form = role_form(role_);
    add_form_field(form, "WebIdentityToken", *token);
    auto answer =
        client_->call({.operation = kOperation, .body = std::move(form), .timeout = kStsTimeout, .stop = stop});
    if (answer) return read_sts_answer(answer->body, std::string(kOperation), role_);
    expired_ = answer.error().code == "ExpiredTokenException";
    if (expired_) answer.error().error.hint = "Look at what renews " + token_file_;
    leave_out(answer.error(), *token);
    return base::fail(sts_error(std::move(answer.error()), role_,
                                "Name the identity provider and this service account in the role's trust policy"));
  }

  static constexpr std::string_view kOperation = "AssumeRoleWithWebIdentity";
  const std::unique_ptr<Client> client_;
  const Role role_;
  const std::string token_file_;
  bool expired_ = false;  // the last answer said so of the token
};

}  // namespace

base::Result<std::unique_ptr<CredentialFetcher>> web_identity_fetcher(const ChainOptions& surroundings, Role role,
                                                                      std::string token_file) {
  auto client = make_sts_client(surroundings, role, nullptr);
  if (!client) return base::fail(std::move(client.error()));
  return std::make_unique<WebIdentityFetcher>(std::move(*client), std::move(role), std::move(token_file));
}

MaybeFetcher web_identity_of_environment(const ChainOptions& surroundings) {
  std::string file = surroundings.environment("AWS_WEB_IDENTITY_TOKEN_FILE");
  if (file.empty()) return nullptr;
  Role role;
  role.arn = surroundings.environment("AWS_ROLE_ARN");
  role.source = "web identity";
  const std::string session = surroundings.environment("AWS_ROLE_SESSION_NAME");
  if (!session.empty()) role.session_name = session;
  if (role.arn.empty()) {
    return base::fail(base::ErrorKind::invalid, "AWS_WEB_IDENTITY_TOKEN_FILE is set, AWS_ROLE_ARN is not",
                      "web identity", "Set AWS_ROLE_ARN to the role that the token is for");
  }
  return web_identity_fetcher(surroundings, std::move(role), std::move(file));
}

}  // namespace twinshift::aws
