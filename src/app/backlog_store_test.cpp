// The backlog with the embedded primary behind it, and the file of an earlier version.
#include "app/backlog_store.hpp"

#include <filesystem>
#include <future>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "app/driver_table.hpp"
#include "app/drivers_sqlite.hpp"
#include "app/primary_refill.hpp"
#include "event/sample.hpp"
#include "tests/support/hostile_events.hpp"
#include "tests/support/queue_calls.hpp"
#include "tests/support/temporary_folder.hpp"

namespace twinshift::app {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

const base::WallTime kArrival(480'000h);

class BacklogStoreTest : public ::testing::Test {
 protected:
  BacklogStoreTest() {
    auto loaded =
        config::load({"TWINSHIFT_DATA_DIR=" + folder_.string(), "SECONDARY_REDSHIFT_ENABLED=true"}, std::nullopt);
    EXPECT_TRUE(loaded);
    settings_ = loaded->settings;
  }
  [[nodiscard]] const config::TargetSettings& secondary() const { return *settings_.secondary; }

  static std::vector<event::EventPtr> samples(std::uint64_t count) {
    std::vector<event::EventPtr> events;
    for (std::uint64_t i = 0; i < count; ++i) {
      events.push_back(*event::decode_event(event::sample_event(3, i, kArrival), "m" + std::to_string(i), kArrival));
    }
    return events;
  }
  std::unique_ptr<warehouse::Warehouse> writer_of(const std::string& target) {
    auto opened = open_warehouse(settings_, target == "primary" ? settings_.primary : secondary());
    EXPECT_TRUE(opened && (*opened)->prepare());
    return std::move(*opened);
  }
  void write_to_primary(const std::vector<event::EventPtr>& events) {
    auto report = writer_of("primary")->write({"batch", events});
    ASSERT_TRUE(report) << report.error().text();
  }
  void erase(const std::string& target, const std::vector<event::EventPtr>& events) {
    std::vector<warehouse::EventPlace> places;
    for (const event::EventPtr& event : events) places.push_back({event->id, event->event_at});
    ASSERT_TRUE(writer_of(target)->erase(places));
  }
  // What an earlier version would have left behind.
  void write_old_file(const std::vector<std::string>& texts) {
    auto old = open_old_backlog_file(settings_, secondary());
    ASSERT_TRUE(old);
    for (const std::string& text : texts) ASSERT_TRUE(tests::enqueue(**old, text, "m-" + text, kArrival));
    (*old)->close();
  }
  static std::vector<queue::Lease> receive(backlog::Backlog& backlog) {
    auto leases = backlog.receive(1'000, 0ms, {});
    EXPECT_TRUE(leases);
    return leases ? std::move(*leases) : std::vector<queue::Lease>();
  }

  tests::TemporaryFolder folder_;
  config::Settings settings_;
};

TEST_F(BacklogStoreTest, ThePrimaryTellsEveryEventAgain) {
  std::vector<event::EventPtr> events = samples(600);
  for (std::uint64_t i = 0; i < 300; ++i) {
    auto event = event::decode_event(tests::hostile_event(11, i), "hostile", kArrival);
    ASSERT_TRUE(event);
    events.push_back(*event);
  }
  write_to_primary(events);
  const auto absent = event::decode_event(R"({"never":"written"})", "m", kArrival);
  std::vector<backlog::Wanted> wanted;
  for (const event::EventPtr& event : events) wanted.push_back({event->id, event->event_at});
  wanted.push_back({(*absent)->id, (*absent)->event_at});
  const auto texts = refill_from_primary(settings_, "secondary")(wanted);
  ASSERT_TRUE(texts) << texts.error().text();
  ASSERT_EQ(texts->size(), events.size() + 1);
  for (std::size_t i = 0; i < events.size(); ++i) {
    ASSERT_TRUE((*texts)[i].json) << events[i]->json;
    EXPECT_EQ((*event::decode_event(*(*texts)[i].json, "m", kArrival))->id, events[i]->id) << events[i]->json;
  }
  EXPECT_FALSE(texts->back().json);
  EXPECT_FALSE(texts->back().erased);
}

// The primary alone has noted the first: the secondary would still take it, so it stays owed.
TEST_F(BacklogStoreTest, WhatTheTargetHasNotedAsErasedIsToldSo) {
  const auto events = samples(3);
  write_to_primary(events);
  erase("primary", {events[0], events[1]});
  erase("secondary", {events[1], events[2]});
  std::vector<backlog::Wanted> wanted;
  for (const event::EventPtr& event : events) wanted.push_back({event->id, event->event_at});
  const auto told = refill_from_primary(settings_, "secondary")(wanted);
  ASSERT_TRUE(told) << told.error().text();
  EXPECT_FALSE((*told)[0].json || (*told)[0].erased);
  EXPECT_TRUE((*told)[1].erased);
  EXPECT_TRUE((*told)[2].json);
  EXPECT_FALSE((*told)[2].erased);
}

TEST_F(BacklogStoreTest, APrimaryThatIsNotThereIsAnError) {
  const auto events = samples(1);
  const std::vector<backlog::Wanted> wanted{{events[0]->id, events[0]->event_at}};
  const backlog::Refill refill = refill_from_primary(settings_, "secondary");
  EXPECT_FALSE(refill(wanted));
  write_to_primary(events);
  const auto texts = refill(wanted);
  ASSERT_TRUE(texts) << texts.error().text();
  EXPECT_TRUE((*texts)[0].json);
}

TEST_F(BacklogStoreTest, TakesOverTheFileOfAnEarlierVersion) {
  std::vector<std::string> texts;
  for (int i = 0; i < 1'200; ++i) texts.push_back(R"({"n":)" + std::to_string(i) + "}");
  write_old_file(texts);
  auto backlog = open_backlog(settings_, secondary());
  ASSERT_TRUE(backlog) << backlog.error().text();
  EXPECT_EQ((*backlog)->status().owed, 1'200U);
  EXPECT_FALSE(fs::exists(secondary().backlog_old_file));
  const auto leases = receive(**backlog);
  ASSERT_EQ(leases.size(), 1'000U);
  EXPECT_EQ(leases[3].message.body, texts[3]);
  EXPECT_EQ(leases[3].message.message_id, "m-" + texts[3]);
  EXPECT_EQ(leases[3].message.received_at, kArrival);
}

TEST_F(BacklogStoreTest, WhatIsNoEventStaysInTheOldFile) {
  write_old_file({R"({"n":1})", "no event", R"({"n":2})"});
  auto backlog = open_backlog(settings_, secondary());
  ASSERT_TRUE(backlog);
  EXPECT_EQ((*backlog)->status().owed, 2U);
  EXPECT_TRUE(fs::exists(secondary().backlog_old_file));
  backlog->reset();
  backlog = open_backlog(settings_, secondary());
  ASSERT_TRUE(backlog);
  EXPECT_EQ((*backlog)->status().owed, 2U);
}

}  // namespace
}  // namespace twinshift::app
