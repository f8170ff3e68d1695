#include "app/by_hand.hpp"

#include <gtest/gtest.h>

namespace twinshift::app {
namespace {

using proof::LeftWhy;

config::TargetSettings target(std::string driver, std::string url = {}) {
  config::TargetSettings settings;
  settings.driver = std::move(driver);
  settings.url = std::move(url);
  settings.table = "events";
  return settings;
}

TEST(ByHand, OneOfTheRowsIsLeftInTheTargetsOwnWords) {
  const proof::LeftEvent left{"it's", LeftWhy::foreign, {}};
  const ByHand sqlite = by_hand(target("sqlite"), left);
  EXPECT_EQ(sqlite.look, R"(SELECT rowid, * FROM "events" WHERE event_id = 'it''s')");
  EXPECT_EQ(sqlite.statement,
            R"(DELETE FROM "events" WHERE event_id = 'it''s' AND rowid <> (SELECT rowid FROM "events" )"
            R"(WHERE event_id = 'it''s' LIMIT 1))");
  EXPECT_TRUE(by_hand(target("postgres", "postgresql://h/d"), left).statement.contains("AND ctid <>"));
}

TEST(ByHand, WhereNothingTellsTheRowsApartAllGo) {
  for (const auto& each : {target("redshift_data"), target("postgres", "redshift://h/d")}) {
    EXPECT_EQ(by_hand(each, {"x", LeftWhy::foreign, {}}).statement, R"(DELETE FROM "events" WHERE event_id = 'x')");
  }
}

TEST(ByHand, OfRowsWithoutATimeAndOneWithTheLatterStays) {
  const proof::LeftEvent left{"ab", LeftWhy::unread, {}};
  EXPECT_EQ(by_hand(target("sqlite"), left).statement,
            R"(DELETE FROM "events" WHERE event_id = 'ab' AND rowid <> (SELECT rowid FROM "events" )"
            R"(WHERE event_id = 'ab' ORDER BY datetime(event_at) IS NULL LIMIT 1))");
  EXPECT_TRUE(by_hand(target("postgres", "postgresql://h/d"), left).statement.contains("isfinite(event_at)"));
  EXPECT_EQ(by_hand(target("redshift_data"), left).statement, "");
}

TEST(ByHand, ARowWithoutAnIdIsFound) {
  const ByHand told = by_hand(target("sqlite"), {"", LeftWhy::foreign, {}});
  EXPECT_TRUE(told.look.contains("event_id IS NULL OR event_id = ''"));
}

TEST(ByHand, NothingIsSaidOfWhatMendsItselfOrCannotBeWritten) {
  for (const LeftWhy why : {LeftWhy::gone, LeftWhy::owed, LeftWhy::refused, LeftWhy::timeless}) {
    EXPECT_EQ(by_hand(target("sqlite"), {"x", why, {}}).statement, "");
  }
  EXPECT_EQ(by_hand(target("sqlite"), {"a\nb", LeftWhy::foreign, {}}).statement, "");
  EXPECT_EQ(by_hand(target("sqlite"), {"a\\b", LeftWhy::foreign, {}}).statement, "");
}

}  // namespace
}  // namespace twinshift::app
