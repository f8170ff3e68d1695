#include "aws/credential_json.hpp"

#include <simdjson.h>

#include "aws/credential_check.hpp"
#include "aws/iso_time.hpp"

namespace twinshift::aws {
namespace {

constexpr std::string_view kHint =
    "Check what answers there; it should be AWS's JSON with AccessKeyId and "
    "SecretAccessKey";

std::string member(simdjson::dom::object object, std::string_view name) {
  simdjson::dom::element value;
  if (object[name].get(value) != simdjson::SUCCESS) return {};
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return std::string(text);
  return value.is_int64() || value.is_uint64() ? simdjson::minify(value) : std::string();
}

}  // namespace

base::Result<Credentials> read_credential_json(std::string_view text, const CredentialJson& how) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(simdjson::padded_string(text)).get(object) != simdjson::SUCCESS) {
    return base::fail(base::ErrorKind::unavailable, "What should be AWS credentials is no JSON object", how.where,
                      std::string(kHint));
  }
  Credentials credentials{.access_key_id = member(object, "AccessKeyId"),
                          .secret_access_key = member(object, "SecretAccessKey"),
                          .session_token = member(object, how.token_name),
                          .expires_at = std::nullopt,
                          .source = how.source};
  if (const std::string end = member(object, "Expiration"); !end.empty()) {
    credentials.expires_at = iso_time(end);
    if (!credentials.expires_at) {
      return base::fail(base::ErrorKind::unavailable, "AWS credentials whose Expiration is no ISO 8601 time", how.where,
                        std::string(kHint));
    }
  }
  auto good = checked(std::move(credentials), how.where, kHint);
  if (!good) good.error().kind = base::ErrorKind::unavailable;
  return good;
}

std::string json_member(std::string_view text, std::string_view name) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(simdjson::padded_string(text)).get(object) != simdjson::SUCCESS) return {};
  return member(object, name);
}

}  // namespace twinshift::aws
