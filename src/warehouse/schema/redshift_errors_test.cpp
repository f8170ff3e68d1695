#include "warehouse/schema/redshift_errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace twinshift::warehouse {
namespace {

using base::ErrorKind;
using ::testing::HasSubstr;
using ::testing::Not;

struct Case {
  const char* text;
  ErrorKind kind;
  const char* sqlstate;
};

class RedshiftTexts : public testing::TestWithParam<Case> {};

TEST_P(RedshiftTexts, AreSorted) {
  const RedshiftError error = read_redshift_error(GetParam().text);
  EXPECT_EQ(error.kind, GetParam().kind) << GetParam().text;
  EXPECT_EQ(error.sqlstate, GetParam().sqlstate) << GetParam().text;
  // As if it came without the service's own beginning.
  const std::string prefixed = std::string("ERROR: ") + GetParam().text;
  EXPECT_EQ(read_redshift_error(prefixed).kind, GetParam().kind);
}

INSTANTIATE_TEST_SUITE_P(
    All, RedshiftTexts,
    testing::Values(
        Case{"1023\n  Detail: Serializable isolation violation on table - 100", ErrorKind::conflict, "40001"},
        Case{"Serializable isolation violation on table - 100, transactions forming the cycle are: 1, 2 (pid:1)",
             ErrorKind::conflict, "40001"},
        Case{"could not complete because of conflict with concurrent transaction", ErrorKind::conflict, "40001"},
        Case{"deadlock detected", ErrorKind::conflict, "40P01"},
        Case{"connection limit \"500\" exceeded for non-bootstrap users", ErrorKind::throttled, "53300"},
        Case{"value too long for type character varying(1023)", ErrorKind::rejected, "22001"},
        Case{"Value too long for character type", ErrorKind::rejected, "22001"},
        Case{"String value exceeds the max size of 65535 bytes", ErrorKind::rejected, "22001"},
        Case{"Overflow for NUMERIC(18,2) (Value: 12345678901234567890)", ErrorKind::rejected, "22003"},
        Case{"Numeric data overflow (result precision)", ErrorKind::rejected, "22003"},
        Case{"value \"99999999999\" is out of range for type integer", ErrorKind::rejected, "22003"},
        Case{"invalid input syntax for integer: \"abc\"", ErrorKind::rejected, "22P02"},
        Case{"Invalid digit, Value 'a', Pos 0, Type: Integer", ErrorKind::rejected, "22P02"},
        Case{"Invalid JSON", ErrorKind::rejected, "22P02"},
        Case{"String contains invalid or unsupported UTF8 codepoints. Bad UTF8 hex sequence: ed a0 80",
             ErrorKind::rejected, "22021"},
        Case{"Cannot insert a NULL value into column event_at", ErrorKind::rejected, "23502"},
        Case{"null value in column \"event_at\" violates not-null constraint", ErrorKind::rejected, "23502"},
        Case{"Query (1234) cancelled on user's request", ErrorKind::timed_out, "57014"},
        Case{"canceling statement due to statement timeout", ErrorKind::timed_out, "57014"},
        Case{"permission denied for relation appsflyer_events", ErrorKind::unavailable, "42501"},
        Case{"relation \"public.appsflyer_events\" does not exist", ErrorKind::unavailable, "42P01"},
        Case{"column \"event_id\" of relation \"t\" already exists", ErrorKind::unavailable, "42703"},
        Case{"syntax error at or near \"x\"\n  Position: 8", ErrorKind::unavailable, "42601"},
        Case{"stack overflow", ErrorKind::unavailable, ""}, Case{"assert", ErrorKind::unavailable, ""},
        // Nothing that a row holds decides.
        Case{"invalid input syntax for integer: \"1023 permission denied\"", ErrorKind::rejected, "22P02"},
        Case{"assertion about \"value too long for type\"", ErrorKind::unavailable, ""},
        Case{"", ErrorKind::unavailable, ""}));

TEST(RedshiftErrors, ShowNoValues) {
  for (const char* text :
       {"invalid input syntax for integer: \"canary\"", "Overflow for NUMERIC(18,2) (Value: canary)",
        "Invalid digit, Value 'canary', Pos 0", "value \"canary\" is out of range for type integer",
        "something new about canary", "syntax error at or near \"canary\"", "Invalid timestamp format canary"}) {
    const RedshiftError error = read_redshift_error(text);
    EXPECT_THAT(error.message + error.hint + error.column, Not(HasSubstr("canary"))) << text;
  }
}

TEST(RedshiftErrors, NameColumnClassAndThing) {
  const RedshiftError null = read_redshift_error("ERROR: Cannot insert a NULL value into column event_at");
  EXPECT_EQ(null.column, "event_at");
  EXPECT_THAT(null.message, HasSubstr(", column event_at [23502]"));
  EXPECT_THAT(read_redshift_error("ERROR: permission denied for relation t").message,
              HasSubstr("permission denied for relation t [42501]"));
  EXPECT_FALSE(read_redshift_error("ERROR: permission denied for relation t").hint.empty());
  EXPECT_TRUE(read_redshift_error("ERROR: relation \"t\" already exists").already_there);
  const RedshiftError gone = read_redshift_error("FATAL: database \"nodb\" does not exist");
  EXPECT_THAT(gone.message, HasSubstr("nodb"));
  EXPECT_THAT(gone.hint, HasSubstr("database's name"));
  EXPECT_TRUE(read_redshift_error("ERROR: column \"a\" of relation \"t\" already exists").already_there);
  EXPECT_FALSE(read_redshift_error("ERROR: relation \"t\" does not exist").already_there);
}

TEST(RedshiftErrors, TheLineIsTheServersOwn) {
  EXPECT_EQ(redshift_error_line("Query #2: ERROR:  no such thing\n  Position: 1"), "no such thing");
  EXPECT_EQ(redshift_error_line("plain"), "plain");
  EXPECT_EQ(redshift_error_line("invalid input: \"ERROR: x\""), "invalid input: \"ERROR: x\"");
  EXPECT_EQ(redshift_error_line(""), "");
}

}  // namespace
}  // namespace twinshift::warehouse
