#include "aws/sts.hpp"

#include <algorithm>
#include <utility>

#include "aws/client.hpp"
#include "aws/credential_check.hpp"
#include "aws/endpoint.hpp"
#include "aws/iso_time.hpp"
#include "aws/plain_text.hpp"
#include "aws/services.hpp"
#include "aws/uri.hpp"
#include "aws/xml_text.hpp"

namespace twinshift::aws {
namespace {

using base::ErrorKind;

// STS API reference, AssumeRole, RoleSessionName: [\w+=,.@-]*, 2 to 64.
bool is_session_name(std::string_view name) {
  return name.size() >= 2 && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
           return is_letter(c) || is_digit(c) || std::string_view("_+=,.@-").find(c) != std::string_view::npos;
         });
}

base::Status check(const Role& role) {
  if (!role.arn.starts_with("arn:") || has_control_character(role.arn)) {
    return base::fail(ErrorKind::invalid, "Not the ARN of a role", role.source,
                      "Write it as arn:aws:iam::123456789012:role/name");
  }
  if (!is_session_name(role.session_name)) {
    return base::fail(ErrorKind::invalid, "Not a role session name", role.source,
                      "2 to 64 letters, digits or any of _+=,.@-");
  }
  return {};
}

}  // namespace

base::Result<std::unique_ptr<Client>> make_sts_client(const ChainOptions& surroundings, const Role& role,
                                                      std::shared_ptr<CredentialSource> base) {
  if (auto good = check(role); !good) return base::fail(std::move(good.error()));
  auto region = surroundings.region.empty() ? region_of(surroundings.environment, surroundings.profile)
                                            : base::Result<std::string>(surroundings.region);
  if (!region) return base::fail(std::move(region.error()));
  auto endpoint = endpoint_of(kSts, *region, {}, surroundings.environment, surroundings.profile);
  if (!endpoint) return base::fail(std::move(endpoint.error()));
  ClientOptions options;
  options.service = kSts;
  options.region = std::move(*region);
  options.endpoint = std::move(*endpoint);
  options.subject = "role " + role.arn;
  options.credentials = std::move(base);
  options.http = surroundings.http;
  options.clock = surroundings.clock;
  return std::make_unique<Client>(std::move(options));
}

std::string role_form(const Role& role) {
  std::string form;
  add_form_field(form, "RoleArn", role.arn);
  add_form_field(form, "RoleSessionName", role.session_name);
  if (role.duration.count() > 0) add_form_field(form, "DurationSeconds", std::to_string(role.duration.count()));
  if (!role.external_id.empty()) add_form_field(form, "ExternalId", role.external_id);
  return form;
}

base::Result<Credentials> read_sts_answer(const std::string& xml, const std::string& operation, const Role& role) {
  const std::string path = operation + "Response/" + operation + "Result/Credentials/";
  const auto part = [&](const char* name) { return xml_text(xml, path + name).value_or(""); };
  Credentials credentials{.access_key_id = part("AccessKeyId"),
                          .secret_access_key = part("SecretAccessKey"),
                          .session_token = part("SessionToken"),
                          .expires_at = iso_time(part("Expiration")),
                          .source = role.source};
  constexpr std::string_view kHint = "Check the STS endpoint, and what answers in its place";
  const std::string where = "sts:" + operation + ", " + role.arn;
  auto good = checked(std::move(credentials), where, kHint);
  if (good && good->expires_at && !good->session_token.empty()) return good;
  return base::fail(ErrorKind::unavailable, good ? "An STS answer without session token or end" : good.error().message,
                    where, std::string(kHint));
}

base::Error sts_error(Failure failure, const Role& role, std::string_view denied_hint) {
  if (failure.code == "AccessDenied") failure.error.hint = denied_hint;
  failure.error.where += ", " + role.source;
  return std::move(failure.error);
}

}  // namespace twinshift::aws
