#include "warehouse/drivers/redshift_data/batch_statements.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "warehouse/drivers/redshift_data/statement_packer.hpp"
#include "warehouse/schema/duplicate_text.hpp"
#include "warehouse/schema/real_testing.hpp"

namespace twinshift::warehouse {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const base::WallTime kArrival{std::chrono::hours(480'000)};

event::EventPtr event_of(std::string json, base::WallTime received_at = kArrival) {
  return *event::decode_event(std::move(json), "m", received_at);
}
event::EventPtr event_of(int number) {
  return event_of(R"({"event_time":"2024-01-01 12:00:00","appsflyer_id":"a)" + std::to_string(number) + "\"}");
}

class Statements : public testing::Test {
 protected:
  Statements() {
    layout_.table = kTable;
    layout_.real = made_table(Dialect::redshift);
    fit();
  }
  void fit() { layout_.fit = fit_table(Dialect::redshift, layout_.real, layout_.table); }
  BatchStatements make(std::vector<event::EventPtr> events) {
    const Batch batch{"b1", std::move(events)};
    BatchStatements made = make_batch_statements(batch, layout_, {"t", "here", "b1", kArrival});
    EXPECT_LE(made.statements.size(), kStatementsMax);
    for (const std::string& sql : made.statements) EXPECT_LE(sql.size(), kStatementBytesMax);
    return made;
  }
  static std::size_t count(const BatchStatements& made, Outcome outcome) {
    return static_cast<std::size_t>(std::ranges::count(made.outcomes, outcome));
  }

  Layout layout_;
};

TEST_F(Statements, LockFirstAndCountInTheServer) {
  const BatchStatements made = make({event_of(1), event_of(2), event_of(1)});
  EXPECT_EQ(made.outcomes, (std::vector{Outcome::written, Outcome::written, Outcome::duplicate}));
  ASSERT_EQ(made.statements.size(), 9U);
  EXPECT_THAT(made.statements[0], StartsWith("LOCK "));
  EXPECT_THAT(made.statements[1], StartsWith("CREATE TEMP TABLE twinshift_stage"));
  EXPECT_THAT(made.statements[2], StartsWith("INSERT INTO twinshift_stage"));
  EXPECT_THAT(made.statements[3], StartsWith(R"(INSERT INTO "s"."twinshift_duplicates" )"));
  EXPECT_EQ(made.delete_at, 4U);
  EXPECT_THAT(made.statements[made.delete_at], StartsWith("DELETE FROM twinshift_stage WHERE event_id IN (SELECT"));
  EXPECT_EQ(made.statements[made.select_at], "SELECT twinshift_pos FROM twinshift_stage");
  EXPECT_THAT(made.statements[6], StartsWith(R"(INSERT INTO "s"."t" )"));
  EXPECT_THAT(made.statements[7], AllOf(HasSubstr(R"("s"."twinshift_loads")"), HasSubstr("3 AS sent, 0 AS refused")));
  EXPECT_EQ(made.statements[8], "DROP TABLE twinshift_stage");
  for (std::size_t i = 0; i < made.statements.size(); ++i) EXPECT_EQ(made.is_about_rows(i), i == 2 || i == 6) << i;
}

TEST_F(Statements, OutcomesFollowFromWhatIsLeftInTheStage) {
  const BatchStatements made = make({event_of(1), event_of(2), event_of(1), event_of(3)});
  EXPECT_EQ(outcomes_of(made, {1, 3}),
            (std::vector{Outcome::duplicate, Outcome::written, Outcome::duplicate, Outcome::written}));
  EXPECT_EQ(outcomes_of(made, {}), std::vector(4, Outcome::duplicate));
  EXPECT_EQ(outcomes_of(made, {0, 1, 3, 99}), made.outcomes);
}

TEST_F(Statements, AnotherMessageOfAnEventOfTheBatchIsToldAfterTheInsert) {
  const auto later = [](int microseconds) { return kArrival + std::chrono::microseconds(microseconds); };
  const BatchStatements made =
      make({event_of("{}"), event_of("{}"), event_of("{}", later(1)), event_of("{}", later(2))});
  ASSERT_EQ(made.statements.size(), 11U);
  EXPECT_THAT(made.statements[7], HasSubstr("twinshift_loads"));  // counts the stage before it gets more
  EXPECT_THAT(made.statements[8],
              AllOf(StartsWith("INSERT INTO twinshift_stage (twinshift_pos,event_id,"), HasSubstr("(2,"),
                    HasSubstr("(3,"), HasSubstr("00:00:00.000001'"), Not(HasSubstr("(1,"))));
  EXPECT_EQ(made.statements[9], made.statements[3]);
  EXPECT_FALSE(made.is_about_rows(8) || made.is_about_rows(9));
}

TEST_F(Statements, MoreDoublesThanCanBeToldArePutOff) {
  std::vector<event::EventPtr> events;
  for (int i = 0; i < 4'000; ++i) events.push_back(event_of("{}", kArrival + std::chrono::microseconds(i)));
  const BatchStatements made = make(events);
  EXPECT_EQ(count(made, Outcome::written), 1U);
  EXPECT_EQ(count(made, Outcome::duplicate), 4 * kStageDoublesMax);
  EXPECT_EQ(made.outcomes.back(), Outcome::deferred);
  const std::string sent = std::to_string(4 * kStageDoublesMax + 1) + " AS sent";
  EXPECT_TRUE(std::ranges::any_of(made.statements, [&](const std::string& sql) { return sql.contains(sent); }));
}

TEST_F(Statements, WithoutTheRightDuplicatesAreNotTold) {
  layout_.counts_duplicates = false;
  const BatchStatements made = make({event_of("{}"), event_of("{}", kArrival + std::chrono::seconds(1))});
  EXPECT_EQ(made.outcomes[1], Outcome::duplicate);
  EXPECT_THAT(made.statements, Each(Not(HasSubstr("twinshift_duplicates"))));
}

TEST_F(Statements, OnlyColumnsThatOccurOrHaveADefaultAreNamed) {
  at(layout_.real, "campaign").has_default = true;
  fit();
  const BatchStatements made = make({event_of(1)});
  EXPECT_THAT(made.statements[1], HasSubstr("\"campaign\""));
  EXPECT_THAT(made.statements, Each(Not(HasSubstr("\"customer_user_id\""))));
}

TEST_F(Statements, TimesWithAZoneNameIt) {
  at(layout_.real, "received_at").stored = Stored::timestamptz;
  fit();
  EXPECT_THAT(make({event_of(1)}).statements[2], HasSubstr("'2024-10-04 00:00:00+00'"));
}

TEST_F(Statements, EveryPlaceHasItsMarker) {
  std::vector<event::EventPtr> events;
  for (int hour = 0; hour < 200; ++hour) events.push_back(event_of("{}", kArrival + std::chrono::hours(hour)));
  events.push_back(event_of(R"({"n":1})"));
  const BatchStatements made = make(std::move(events));
  EXPECT_EQ(count(made, Outcome::written), 2U);  // 200 copies of one event, in 200 hours
  std::size_t places = 0;
  for (const std::string& sql : made.statements) {
    for (std::size_t at = sql.find(" AS place, '"); at != std::string::npos; at = sql.find(" AS place, '", at + 1)) {
      ++places;
    }
  }
  EXPECT_EQ(places, 200U);
}

TEST_F(Statements, WhatFindsNoRoomIsPutOffWithItsDoubles) {
  std::vector<event::EventPtr> events;
  for (int i = 0; i < 4'000; ++i) {
    events.push_back(event_of(R"({"campaign":")" + std::string(2'000, 'c') + std::to_string(i) + "\"}"));
  }
  events.push_back(events.front());
  events.push_back(events[3'999]);
  const BatchStatements made = make(events);
  const std::size_t written = count(made, Outcome::written);
  EXPECT_GT(written, 1'300U);
  EXPECT_EQ(made.staged, written);
  EXPECT_EQ(made.outcomes[0], Outcome::written);
  EXPECT_EQ(made.outcomes[4'000], Outcome::duplicate);
  EXPECT_EQ(made.outcomes[3'999], Outcome::deferred);
  EXPECT_EQ(made.outcomes[4'001], Outcome::deferred);
  const std::string sent = std::to_string(written + 1) + " AS sent";
  EXPECT_TRUE(std::ranges::any_of(made.statements, [&](const std::string& sql) { return sql.contains(sent); }));
}

TEST_F(Statements, ALargeEventGoesFirstAndLeavesRoomForSmallOnes) {
  std::vector<event::EventPtr> events;
  for (int i = 0; i < 100; ++i) events.push_back(event_of(i));
  for (const char* key : {"a", "b", "c"}) {
    events.push_back(event_of("{\"" + std::string(key) + "\":\"" + std::string((1U << 20U) - 100, '\'') + "\"}"));
  }
  const BatchStatements made = make(events);
  EXPECT_EQ(made.outcomes[100], Outcome::written);
  EXPECT_EQ(made.outcomes[101], Outcome::deferred);
  EXPECT_EQ(made.outcomes[102], Outcome::deferred);
  EXPECT_EQ(count(made, Outcome::written), 101U);
}

TEST_F(Statements, AnEventThatNoTransactionCanTakeIsRejectedAlone) {
  const auto huge = event_of(R"({"a":")" + std::string(8U << 20U, 'x') + "\"}");
  const BatchStatements made = make({event_of(1), huge, event_of(2), huge});
  EXPECT_EQ(made.outcomes, (std::vector{Outcome::written, Outcome::rejected, Outcome::written, Outcome::rejected}));
  EXPECT_THAT(made.reasons[1].message, HasSubstr("one transaction of the Data API"));
  EXPECT_EQ(made.reasons[3].message, made.reasons[1].message);
  EXPECT_TRUE(std::ranges::any_of(made.statements, [&](const std::string& sql) {
    return sql.contains("2 AS sent, 2 AS refused");  // its window is that of 1970
  }));
}

EventPlace place_of(const event::EventPtr& event) {
  return {event->id, event->event_at};
}

TEST_F(Statements, RemoveUnderTheLockAndBeforeAnythingIsLookedFor) {
  const auto event = event_of(1);
  const Batch batch{"mend-1", {event}, {place_of(event), place_of(event_of(2))}};
  const BatchStatements made = make_batch_statements(batch, layout_, {"t", "here", batch.id, kArrival});
  ASSERT_EQ(made.remove_at, 1U);
  EXPECT_THAT(made.statements[0], StartsWith("LOCK "));
  EXPECT_THAT(made.statements[1], AllOf(StartsWith("DELETE FROM " + kTable.quoted() + " WHERE (event_at BETWEEN"),
                                        HasSubstr(event->id.hex()), HasSubstr(event_of(2)->id.hex())));
  EXPECT_THAT(made.statements[2], StartsWith(R"(DELETE FROM "s"."twinshift_parts" WHERE event_id IN ()"));
  EXPECT_TRUE(made.removes(1) && made.removes(2) && !made.removes(0) && !made.removes(3));
  EXPECT_FALSE(make({event}).removes(0)) << "without anything to remove";
}

// An old row is better than none.
TEST_F(Statements, WhatIsPutOffIsNotRemoved) {
  std::vector<event::EventPtr> events;
  std::vector<EventPlace> places;
  for (int i = 0; i < 50; ++i) {
    events.push_back(event_of(R"({"n":)" + std::to_string(i) + R"(,"a":")" + std::string(90'000, 'x') + "\"}"));
    places.push_back(place_of(events.back()));
  }
  const Batch batch{"mend-1", events, places};
  const BatchStatements made = make_batch_statements(batch, layout_, {"t", "here", batch.id, kArrival});
  ASSERT_GT(count(made, Outcome::deferred), 0U);
  EXPECT_LE(made.statements.size(), kStatementsMax);
  for (std::size_t i = 0; i < events.size(); ++i) {
    const bool goes = made.statements[made.remove_at].find(events[i]->id.hex()) != std::string::npos;
    EXPECT_EQ(goes, made.outcomes[i] == Outcome::written) << i;
  }
}

// The statements that remove its row are the ones too many: put off, it would be so for ever.
TEST_F(Statements, AnEventThatHasNoRoomBesideItsRemovalIsRejected) {
  const auto event_with = [](std::size_t bytes) { return event_of(R"({"a":")" + std::string(bytes, 'x') + "\"}"); };
  std::size_t fits = 1U << 20U;
  std::size_t too_large = 8U << 20U;
  while (too_large - fits > 5'000) {
    const std::size_t middle = (fits + too_large) / 2;
    (count(make({event_with(middle)}), Outcome::written) == 1 ? fits : too_large) = middle;
  }
  const auto event = event_with(fits);
  const Batch batch{"mend-1", {event}, {place_of(event)}};
  const BatchStatements made = make_batch_statements(batch, layout_, {"t", "here", batch.id, kArrival});
  EXPECT_EQ(made.outcomes, std::vector{Outcome::rejected});
  EXPECT_EQ(made.remove_at, 0U) << "its old row stays";
}

TEST_F(Statements, ARemovalAlone) {
  const BatchStatements made = make_removal_statements({"mend-1", {}, {place_of(event_of(1))}}, kTable);
  EXPECT_EQ(made.statements.size(), 3U);
  EXPECT_TRUE(made.outcomes.empty());
}

}  // namespace
}  // namespace twinshift::warehouse
