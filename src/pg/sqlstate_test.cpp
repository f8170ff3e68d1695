#include "pg/sqlstate.hpp"

#include <string>

#include <gtest/gtest.h>

namespace twinshift::pg {
namespace {

using base::ErrorKind;

struct Case {
  const char* sqlstate;
  const char* message;
  ErrorKind kind;
};

class Kinds : public testing::TestWithParam<Case> {};

TEST_P(Kinds, AreToldByTheCode) {
  EXPECT_EQ(kind_of(GetParam().sqlstate, GetParam().message), GetParam().kind) << GetParam().sqlstate;
}

INSTANTIATE_TEST_SUITE_P(
    All, Kinds,
    testing::Values(
        // About data, and nothing else is.
        Case{"22001", "", ErrorKind::rejected}, Case{"22003", "", ErrorKind::rejected},
        Case{"22P02", "", ErrorKind::rejected}, Case{"22P05", "", ErrorKind::rejected},
        Case{"23502", "", ErrorKind::rejected}, Case{"23514", "", ErrorKind::rejected},
        Case{"XX000", "String contains invalid or unsupported UTF8 codepoints. Bad UTF8 hex sequence: ed a0 80",
             ErrorKind::rejected},
        Case{"XX000", "Numeric data overflow (result precision)", ErrorKind::rejected},
        // Another key than ours, or a foreign key: the table's set-up.
        Case{"23505", "", ErrorKind::conflict}, Case{"23503", "", ErrorKind::unavailable},
        Case{"23P01", "", ErrorKind::unavailable},
        // Try again: nothing was written.
        Case{"40001", "", ErrorKind::conflict}, Case{"40P01", "", ErrorKind::conflict},
        Case{"55P03", "", ErrorKind::conflict}, Case{"XX000", "1023", ErrorKind::conflict},
        Case{"XX000", "Serializable isolation violation on table - 100", ErrorKind::conflict},
        Case{"53300", "", ErrorKind::throttled},
        // Nobody knows.
        Case{"40003", "", ErrorKind::unknown_outcome}, Case{"08007", "", ErrorKind::unknown_outcome},
        // The target's trouble.
        Case{"08006", "", ErrorKind::unavailable}, Case{"28P01", "", ErrorKind::unavailable},
        Case{"42P01", "", ErrorKind::unavailable}, Case{"42703", "", ErrorKind::unavailable},
        Case{"42501", "", ErrorKind::unavailable}, Case{"53100", "", ErrorKind::unavailable},
        Case{"57014", "", ErrorKind::timed_out}, Case{"57P01", "", ErrorKind::unavailable},
        Case{"58030", "", ErrorKind::unavailable}, Case{"XX001", "", ErrorKind::unavailable},
        Case{"XX000", "assert failed: 23505", ErrorKind::unavailable}, Case{"ZZ999", "", ErrorKind::unavailable},
        Case{"", "", ErrorKind::unavailable}));

TEST(Messages, ThatQuoteValuesAreNotShown) {
  for (const char* sqlstate : {"22001", "22P02", "23502", "23505", "23514", "XX000", "ZZ999", "P0001", ""}) {
    EXPECT_FALSE(is_shown(sqlstate)) << sqlstate;
  }
  for (const char* sqlstate : {"28P01", "42P01", "53300", "57014"}) EXPECT_TRUE(is_shown(sqlstate)) << sqlstate;
}

TEST(AlreadyThere, IsNoKeyOfRows) {
  for (const char* sqlstate : {"42P07", "42701", "42710"}) EXPECT_TRUE(says_already_there(sqlstate, "")) << sqlstate;
  EXPECT_TRUE(says_already_there("23505", "pg_type_typname_nsp_index"));
  EXPECT_FALSE(says_already_there("23505", "appsflyer_events_event_id_key"));
  EXPECT_FALSE(says_already_there("42501", ""));
}

TEST(Hints, AreThereWhereAPersonMustAct) {
  for (const char* sqlstate : {"28P01", "3D000", "42P01", "42501", "53100", "57014", "23505"}) {
    EXPECT_FALSE(hint_of(sqlstate).empty()) << sqlstate;
  }
  EXPECT_TRUE(hint_of("22001").empty());
}

}  // namespace
}  // namespace twinshift::pg
