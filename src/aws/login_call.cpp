#include "aws/login_call.hpp"

#include <optional>
#include <utility>

#include <simdjson.h>

#include "aws/iso_time.hpp"
#include "aws/services.hpp"
#include "aws/uri.hpp"
#include "aws/xml_text.hpp"
#include "base/json_text.hpp"

namespace twinshift::aws {
namespace {

using base::ErrorKind;

// What both APIs allow.
constexpr std::chrono::seconds kDurationLeast{900};
constexpr std::chrono::seconds kDurationMost{3'600};

base::Status check(const RedshiftLoginOptions& options) {
  const auto refuse = [&](std::string what, std::string hint) {
    return base::fail(ErrorKind::invalid, std::move(what), options.subject, std::move(hint));
  };
  if (options.cluster.empty() == options.workgroup.empty()) {
    return refuse("A temporary Redshift login is for one cluster or one workgroup", "Set exactly one of the two");
  }
  if (options.database.empty()) return refuse("A temporary Redshift login needs a database", "Name the database");
  if (!options.workgroup.empty() && !options.user.empty()) {
    return refuse("A serverless workgroup gives a login to our IAM identity only", "Leave the database user out");
  }
  if (options.duration < kDurationLeast || options.duration > kDurationMost) {
    return refuse("A temporary Redshift login lives 900 to 3600 s", "Mend the duration");
  }
  return {};
}

// Up to the resource's kind.
std::string arn_of(const RedshiftLoginOptions& options, std::string_view service) {
  const std::string_view partition = options.region.starts_with("cn-") ? "aws-cn" : "aws";
  return "arn:" + std::string(partition) + ':' + std::string(service) + ':' + options.region + ":<account>:";
}

LoginCall for_cluster(const RedshiftLoginOptions& options) {
  const bool by_name = !options.user.empty();
  LoginCall call{kRedshift, by_name ? "GetClusterCredentials" : "GetClusterCredentialsWithIAM", {}, {}};
  add_form_field(call.body, "ClusterIdentifier", options.cluster);
  add_form_field(call.body, "DbName", options.database);
  add_form_field(call.body, "DurationSeconds", std::to_string(options.duration.count()));
  const std::string arn = arn_of(options, "redshift");
  call.resources = arn + "dbname:" + options.cluster + "/" + options.database;
  if (by_name) {
    add_form_field(call.body, "DbUser", options.user);
    add_form_field(call.body, "AutoCreate", "false");
    call.resources = arn + "dbuser:" + options.cluster + "/" + options.user + " and " + call.resources;
  }
  return call;
}

LoginCall for_workgroup(const RedshiftLoginOptions& options) {
  base::JsonObject body;
  body.add("workgroupName", options.workgroup)
      .add("dbName", options.database)
      .add("durationSeconds", static_cast<std::int64_t>(options.duration.count()));
  return {kRedshiftServerless, "GetCredentials", body.text(),
          arn_of(options, "redshift-serverless") + "workgroup/<id of " + options.workgroup + ">"};
}

struct Parts {
  std::string user;
  std::string password;
  std::optional<base::WallTime> expires_at;
};

Parts read_xml(std::string_view operation, const std::string& xml) {
  const std::string path = std::string(operation) + "Response/" + std::string(operation) + "Result/";
  return {xml_text(xml, path + "DbUser").value_or(""), xml_text(xml, path + "DbPassword").value_or(""),
          iso_time(xml_text(xml, path + "Expiration").value_or(""))};
}

// Seconds since 1970, as AWS JSON writes times; a text, as some stand-ins do.
std::optional<base::WallTime> json_time(simdjson::dom::element value) {
  double seconds = 0;
  constexpr double kMost = 1e11;  // the year 5138: within what microseconds hold
  if (value.get(seconds) == simdjson::SUCCESS && seconds >= 0 && seconds < kMost) {
    return base::WallTime(std::chrono::microseconds(static_cast<std::int64_t>(seconds * 1e6)));
  }
  std::string_view text;
  return value.get(text) == simdjson::SUCCESS ? iso_time(text) : std::nullopt;
}

Parts read_json(const std::string& json) {
  Parts parts;
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(simdjson::padded_string(json)).get(object) != simdjson::SUCCESS) return parts;
  std::string_view text;
  if (object["dbUser"].get(text) == simdjson::SUCCESS) parts.user = text;
  if (object["dbPassword"].get(text) == simdjson::SUCCESS) parts.password = text;
  simdjson::dom::element end;
  if (object["expiration"].get(end) == simdjson::SUCCESS) parts.expires_at = json_time(end);
  return parts;
}

}  // namespace

base::Result<LoginCall> login_call(const RedshiftLoginOptions& options) {
  if (auto good = check(options); !good) return base::fail(std::move(good.error()));
  return options.workgroup.empty() ? for_cluster(options) : for_workgroup(options);
}

base::Result<Login> read_login(const LoginCall& call, const std::string& answer, std::string_view where) {
  Parts parts = call.service.protocol == Protocol::query ? read_xml(call.operation, answer) : read_json(answer);
  if (!parts.user.empty() && !parts.password.empty() && parts.expires_at) {
    return Login{std::move(parts.user), std::move(parts.password), *parts.expires_at};
  }
  return base::fail(ErrorKind::unavailable, "An answer without a database login in it", std::string(where),
                    "Check the endpoint, and what answers in its place");
}

}  // namespace twinshift::aws
