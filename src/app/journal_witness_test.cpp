#include "app/journal_witness.hpp"

#include <gtest/gtest.h>

#include "event/event.hpp"
#include "journal/search.hpp"
#include "tests/support/temporary_folder.hpp"

namespace twinshift::app {
namespace {

class JournalWitnessTest : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path folder() const { return root_.path() / "trace"; }
  static event::EventPtr event_of(int number, const std::string& install) {
    return event::decode_event(R"({"n":)" + std::to_string(number) + R"(,"appsflyer_id":)" + install + "}",
                               "m" + std::to_string(number), base::WallTime(std::chrono::seconds(number)))
        .value();
  }
  [[nodiscard]] journal::History history(const event::EventPtr& event) const {
    return journal::find_histories(folder(), {event->id}).value().events.at(0);
  }

  tests::TemporaryFolder root_;
  JournalWitness witness_{{.folder = folder(), .bytes_max = journal::kBytesMin, .disk_reserve = 0},
                          base::system_clock()};
};

TEST_F(JournalWitnessTest, WhatIsReceivedIsFoundByMessageAndInstall) {
  const auto event = event_of(7, R"("first","appsflyer_id":"last")");
  witness_.received(std::vector<delivery::Arrival>{{.event = event}, {.event = nullptr}, {.event = event_of(8, "3")}});
  witness_.finish();
  EXPECT_EQ(journal::find_events(folder(), "m7", 9).value().events, std::vector{event->id});
  EXPECT_EQ(journal::find_events(folder(), "last", 9).value().events, std::vector{event->id});
  EXPECT_TRUE(journal::find_events(folder(), "first", 9).value().events.empty());
  EXPECT_EQ(journal::find_events(folder(), "3", 9).value().events.size(), 1U);
  EXPECT_EQ(history(event).deliveries.at(0).received_at, event->received_at);
}

TEST_F(JournalWitnessTest, OfABatchWhatHasLandedIsTold) {
  using warehouse::Outcome;
  warehouse::Batch batch{.id = "batch-7", .events = {}};
  for (int i = 0; i < 4; ++i) batch.events.push_back(event_of(i, "1"));
  const std::vector outcomes{Outcome::written, Outcome::duplicate, Outcome::rejected};
  witness_.landed(
      {.target = "primary", .batch = batch, .outcomes = outcomes, .statement_id = "s", .from_backlog = true});
  witness_.finish();
  EXPECT_EQ(history(batch.events[0]).landings.at(0).writing, journal::Writing::inserted);
  EXPECT_EQ(history(batch.events[0]).landings.at(0).batch_id, "batch-7");
  EXPECT_TRUE(history(batch.events[0]).landings.at(0).from_backlog);
  EXPECT_EQ(history(batch.events[1]).landings.at(0).writing, journal::Writing::duplicate);
  EXPECT_TRUE(history(batch.events[2]).empty());
  EXPECT_TRUE(history(batch.events[3]).empty());
}

TEST_F(JournalWitnessTest, ABatchThatAMarkerSettledHasLandedAsAWhole) {
  const warehouse::Batch batch{.id = "b", .events = {event_of(1, "1")}};
  witness_.landed({.target = "primary", .batch = batch});
  witness_.finish();
  EXPECT_EQ(history(batch.events[0]).landings.at(0).writing, journal::Writing::unknown);
}

TEST_F(JournalWitnessTest, MoreThanABlockHoldsIsSplit) {
  std::vector<event::EventId> ids(2 * journal::kRowsMax + 1);
  ids.back().bytes[0] = 9;
  witness_.parked("secondary", ids);
  witness_.quarantined("primary", ids);
  witness_.finish();
  const auto found = journal::find_histories(folder(), {ids.back()}).value().events.at(0);
  ASSERT_EQ(found.parked.size(), 1U);
  EXPECT_EQ(found.parked[0].target, "secondary");
  ASSERT_EQ(found.quarantined.size(), 1U);
  EXPECT_EQ(found.quarantined[0].target, "primary");
}

}  // namespace
}  // namespace twinshift::app
