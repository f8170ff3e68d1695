// Each reason for which PostgreSQL lets nobody in is told as what it is. The texts are those of its source.
#include "app/doctor_login.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace twinshift::app {
namespace {

struct Case {
  const char* text;
  const char* means;
  const char* cure;
};

class RefusedLogin : public testing::TestWithParam<Case> {};

TEST_P(RefusedLogin, IsToldAsWhatItIs) {
  config::TargetSettings target;
  target.name = "secondary";
  const Finding found =
      judge_login(base::fail(base::ErrorKind::unavailable,
                             std::string("connection to server failed: FATAL:  ") + GetParam().text, "secondary", "h"),
                  target);
  EXPECT_EQ(found.state, CheckState::fail);
  EXPECT_THAT(found.means, testing::HasSubstr(GetParam().means));
  EXPECT_THAT(found.cure, testing::HasSubstr(GetParam().cure));
}
INSTANTIATE_TEST_SUITE_P(
    Texts, RefusedLogin,
    testing::Values(
        Case{"database \"d\" does not exist", "has no such database", "CREATE DATABASE"},
        Case{"database \"d\" is not currently accepting connections", "closed to everybody", "ALLOW_CONNECTIONS true"},
        Case{"too many connections for database \"d\"", "no place left", "CONNECTION LIMIT"},
        Case{"permission denied for database \"d\" DETAIL:  User does not have CONNECT privilege.", "may not enter",
             "GRANT CONNECT"},
        Case{"role \"r\" does not exist", "no such user", "Create the user"},
        Case{"role \"r\" is not permitted to log in", "may not log in", "LOGIN"},
        Case{"too many connections for role \"r\"", "no place left", "CONNECTION LIMIT"},
        Case{"sorry, too many clients already", "no place left", "max_connections"},
        Case{"remaining connection slots are reserved for roles with the SUPERUSER attribute", "no place left",
             "max_connections"},
        Case{"the database system is starting up", "takes nobody yet", "Wait"},
        Case{"the database system is shutting down", "takes nobody yet", "Wait"},
        Case{"the database system is not yet accepting connections DETAIL:  Consistent recovery state has not been yet "
             "reached.",
             "takes nobody yet", "Wait"},
        Case{"no pg_hba.conf entry for host \"10.0.0.1\", user \"r\", database \"d\", no encryption",
             "does not let this user in", "pg_hba.conf"}));

}  // namespace
}  // namespace twinshift::app
