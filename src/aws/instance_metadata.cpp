#include "aws/instance_metadata.hpp"

#include <algorithm>
#include <utility>

#include "aws/credential_json.hpp"
#include "aws/metadata_request.hpp"
#include "aws/plain_text.hpp"

namespace twinshift::aws {
namespace {

using base::ErrorKind;

constexpr std::string_view kSource = "instance metadata";
constexpr std::string_view kRoles = "/latest/meta-data/iam/security-credentials/";
constexpr std::size_t kRoleLengthMax = 128;

// IAM API reference: [\w+=,.@-]{1,128}.
bool is_role(std::string_view name) {
  return !name.empty() && name.size() <= kRoleLengthMax && std::all_of(name.begin(), name.end(), [](char c) {
    return is_letter(c) || is_digit(c) || std::string_view("_+=,.@-").find(c) != std::string_view::npos;
  });
}

class InstanceMetadataFetcher final : public CredentialFetcher {
 public:
  InstanceMetadataFetcher(std::string url, std::shared_ptr<curl::HttpClient> http)
      : url_(std::move(url)), http_(std::move(http)) {}

  base::Result<Credentials> fetch(std::stop_token stop) override {
    auto token = ask("PUT", "/latest/api/token",
                     {"x-aws-ec2-metadata-token-ttl-seconds", std::to_string(kInstanceTokenLife.count())}, stop);
    if (!token) return base::fail(std::move(token.error()));
    if (token->empty() || has_control_character(*token)) return fail("gives no token", "Is it EC2's?");
    const curl::Header key{"x-aws-ec2-metadata-token", std::move(*token)};
    const auto roles = ask("GET", kRoles, key, stop);
    if (!roles) return base::fail(roles.error());
    const std::string_view role = trimmed(std::string_view(*roles).substr(0, roles->find('\n')));
    if (!is_role(role)) return fail("names no role", "Give the instance an IAM role (an instance profile)");
    const auto answer = ask("GET", std::string(kRoles) + std::string(role), key, stop);
    if (!answer) return base::fail(answer.error());
    return read(*answer);
  }

  [[nodiscard]] bool keeps_expired() const override { return true; }

 private:
  base::Result<std::string> ask(std::string method, std::string_view path, const curl::Header& header,
                                const std::stop_token& stop) {
    auto request = metadata_request(std::move(method), url_ + std::string(path), kInstanceMetadataTimeout);
    request.headers.push_back(header);
    auto response = http_->send(request, stop);
    if (!response) {
      const bool stopping = response.error().kind == curl::Failure::Kind::cancelled;
      return fail(said(response.error()), "Is this an EC2 instance? In a container its hop limit must be 2 or more",
                  stopping ? ErrorKind::cancelled : ErrorKind::unavailable);
    }
    if (response->status == 200) return std::move(response->body);
    if (response->status == 404 && path == kRoles) {
      return fail("knows no role", "Give the instance an IAM role (an instance profile)");
    }
    return fail(
        "answers HTTP " + std::to_string(response->status) + (path.ends_with("token") ? " to a token's PUT" : ""),
        "Check that version 2 of the instance metadata service is enabled");
  }

  base::Result<Credentials> read(const std::string& answer) const {
    const std::string code = json_member(answer, "Code");
    // A code of ours to show: "AssumeRoleUnauthorizedAccess", not whatever bytes came.
    const bool word = !code.empty() && code.size() <= 64 && std::all_of(code.begin(), code.end(), is_letter);
    if (!code.empty() && code != "Success") {
      return fail("gives no credentials" + (word ? " (" + code + ")" : std::string()),
                  "Check the instance's role and its trust policy");
    }
    return read_credential_json(answer, {.token_name = "Token", .source = std::string(kSource), .where = where()});
  }

  std::unexpected<base::Error> fail(const std::string& what, std::string hint,
                                    ErrorKind kind = ErrorKind::unavailable) const {
    return base::fail(kind, "The instance metadata service " + what, where(), std::move(hint));
  }
  [[nodiscard]] std::string where() const { return url_; }

  const std::string url_;
  const std::shared_ptr<curl::HttpClient> http_;
};

// Without a '/' at its end; empty where what is configured is no such URL.
std::string url_of(const Environment& environment) {
  std::string url = environment("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (url.empty()) {
    const bool ipv6 = lower(environment("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")) == "ipv6";
    return ipv6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
  }
  while (url.ends_with('/')) url.pop_back();
  const bool plain = std::none_of(url.begin(), url.end(), [](char c) { return c <= 0x20 || c >= 0x7F || c == '@'; });
  return plain && (url.starts_with("http://") || url.starts_with("https://")) ? url : "";
}

}  // namespace

MaybeFetcher instance_metadata_fetcher(const ChainOptions& surroundings) {
  if (is_true(surroundings.environment("AWS_EC2_METADATA_DISABLED"))) return nullptr;
  std::string url = url_of(surroundings.environment);
  if (!url.empty()) return std::make_unique<InstanceMetadataFetcher>(std::move(url), surroundings.http);
  return base::fail(ErrorKind::invalid, "Not the URL of an instance metadata service",
                    "AWS_EC2_METADATA_SERVICE_ENDPOINT", "Write it as http://169.254.169.254, or unset it");
}

}  // namespace twinshift::aws
