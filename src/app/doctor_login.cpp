#include "app/doctor_login.hpp"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "app/aws_access.hpp"
#include "app/doctor_network.hpp"
#include "aws/services.hpp"

namespace twinshift::app {
namespace {

constexpr std::string_view kNobodysStatement = "00000000-0000-0000-0000-000000000000";

// About AWS, not about the database behind it.
bool is_about_aws(std::string_view message) {
  constexpr std::array<std::string_view, 5> kBeginnings = {"User is not authorized to perform", "AWS ",
                                                           "What answers for", "Redshift endpoint doesn't exist",
                                                           "No AWS credentials"};
  for (const std::string_view beginning : kBeginnings) {
    if (message.starts_with(beginning)) return true;
  }
  return false;
}

bool may_not_cancel(const config::Settings& settings, const config::TargetSettings& target) {
  const auto access = target_access(settings, target, {});
  if (!access) return false;
  const auto client = make_client(*access, aws::kRedshiftData, target.endpoint, target.name + " Redshift");
  if (!client) return false;
  const auto answer = (*client)->call({.operation = "CancelStatement",
                                       .body = fmt::format(R"({{"Id":"{}"}})", kNobodysStatement),
                                       .timeout = kAnswerMax,
                                       .tries_max = 1});
  return !answer && answer.error().code.starts_with("AccessDenied");
}

std::string url_variable(const config::TargetSettings& target) {
  return target.name == "secondary" ? "SECONDARY_WAREHOUSE_URL" : "PRIMARY_WAREHOUSE_URL";
}

struct LoginCure {
  std::string_view text;  // of the server or libpq
  std::string_view means;
  std::string_view cure;  // {0}: the variable of the URL, {1}: its prefix
};
// The first that fits counts: what names its user or its database for another reason stands before the missing one.
constexpr std::array kLoginCures = {
    LoginCure{"password authentication failed", "the server is there, and does not take this password",
              "Put the user's password into the file that {1}PASSWORD_FILE names, or correct the user in {0}"},
    LoginCure{"no password supplied", "the server is there, and asks for a password",
              "Put the user's password into the file that {1}PASSWORD_FILE names"},
    LoginCure{"pg_hba.conf", "the server does not let this user in from here",
              "Add a line for this user, database and address to the server's pg_hba.conf, and reload it"},
    LoginCure{"certificate", "the server's certificate is not one that we may trust",
              "Name the authority that signed it: ?sslrootcert=FILE in {0}; the host must be called as in the "
              "certificate (?sslmode=verify-ca where it has another name)"},
    // 55000, 57P03 and 53300, in the server's words.
    LoginCure{"is not currently accepting connections", "the database is there, and closed to everybody",
              "ALTER DATABASE ... ALLOW_CONNECTIONS true there, or name another database in {0}"},
    LoginCure{"the database system is", "the server runs, and takes nobody yet or no longer",
              "Wait for it to be up and ask again; where it stays so, the server's own log says why"},
    LoginCure{"too many ", "the server has no place left",
              "Raise max_connections there (or the CONNECTION LIMIT of the user or the database), or end what holds "
              "them"},
    LoginCure{"connection slots are reserved", "the server has no place left for an ordinary user",
              "Raise max_connections there, or end what holds them"},
    LoginCure{"permission denied for database", "the database is there, and this user may not enter it",
              "GRANT CONNECT ON DATABASE there to the user, or correct the user in {0}"},
    LoginCure{"is not permitted to log in", "the user is there, and may not log in",
              "ALTER ROLE ... LOGIN there, or correct the user in {0}"},
    LoginCure{"role \"", "there is no such user",
              "Create the user (docs/warehouses.md has the statements), or correct its name in {0}"},
    LoginCure{"database \"", "the server is there, and has no such database",
              "CREATE DATABASE there, or correct the name in {0} (REDSHIFT_DATABASE)"},
};

}  // namespace

Finding check_aws_rights(const config::Settings& settings, const config::TargetSettings& target,
                         const base::Result<warehouse::Greeting>& greeting) {
  const bool by_data_api = target.driver == "redshift_data";
  if (!greeting) {
    if (is_about_aws(greeting.error().message)) {
      return failure(greeting.error(), "no event can be written: a batch is several statements that commit together");
    }
    return good("AWS let us through");
  }
  if (!by_data_api) return good("a temporary password was given");
  if (may_not_cancel(settings, target)) {
    return warning("User is not authorized to perform: redshift-data:CancelStatement",
                   "a statement that takes too long is waited for",
                   R"(Add to the role's policy: {"Effect":"Allow","Action":["redshift-data:CancelStatement"],)"
                   R"("Resource":"*"})");
  }
  return good("BatchExecuteStatement, DescribeStatement and GetStatementResult tried; CancelStatement is not refused");
}

Finding judge_login(const base::Result<warehouse::Greeting>& greeting, const config::TargetSettings& target) {
  if (greeting) return good(fmt::format("as \"{}\" in database \"{}\"", greeting->user, greeting->database));
  const base::Error& error = greeting.error();
  for (const LoginCure& each : kLoginCures) {
    if (error.message.find(each.text) == std::string::npos) continue;
    const std::string url = url_variable(target);
    const std::string prefix = url.substr(0, url.size() - std::string_view("URL").size());
    return failure(error.message, std::string(each.means), fmt::format(fmt::runtime(each.cure), url, prefix));
  }
  return failure(error, "no event can be written");
}

}  // namespace twinshift::app
