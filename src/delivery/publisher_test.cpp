#include "delivery/publisher.hpp"

#include <gtest/gtest.h>

#include "tests/support/log_capture.hpp"
#include "warehouse/markers.hpp"
#include "warehouse/owed_word.hpp"

namespace twinshift::delivery {
namespace {

using namespace std::chrono_literals;
using warehouse::OwedRow;

constexpr base::WallTime kHour{std::chrono::hours(480'000)};
constexpr std::chrono::steady_clock::time_point kNow{1'000'000s};

// Takes what is published, or refuses it.
class Receiving final : public warehouse::Warehouse {
 public:
  base::Status prepare() override { return {}; }
  base::Result<warehouse::WriteReport> write(const warehouse::Batch&) override { return base::fail({}); }
  base::Result<std::optional<warehouse::Marker>> find_marker(std::string_view) override { return std::nullopt; }
  base::Result<warehouse::Table> query(const std::string&, std::size_t) override { return base::fail({}); }
  base::Status ping() override { return {}; }
  base::Status publish(std::span<const OwedRow> rows) override {
    ++calls;
    if (error) return base::fail(*error);
    got.assign(rows.begin(), rows.end());
    return {};
  }
  [[nodiscard]] std::string product() const override { return "none"; }

  int calls = 0;
  std::optional<base::Error> error;
  std::vector<OwedRow> got;
};

OwedRow row(base::WallTime hour, std::uint64_t received, std::uint64_t owed = 0, base::WallTime as_of = kHour + 1h) {
  return {
      .instance = "me", .target = "primary", .arrival_at = hour, .received = received, .owed = owed, .as_of = as_of};
}

TEST(Publisher, WritesWhatHasChangedOncePerInterval) {
  Publisher publisher;
  Receiving primary;
  publisher.step(primary, kNow);
  EXPECT_EQ(primary.calls, 0);
  publisher.give({row(kHour, 5), row(kHour + 1h, 1)});
  publisher.step(primary, kNow);
  EXPECT_EQ(primary.got, (std::vector{row(kHour, 5), row(kHour + 1h, 1)}));
  const base::WallTime later = kHour + 2h;
  publisher.give({row(kHour, 5, 0, later), row(kHour + 1h, 2, 0, later)});
  publisher.step(primary, kNow + warehouse::kPublishInterval - 1ms);
  EXPECT_EQ(primary.calls, 1);
  publisher.step(primary, kNow + warehouse::kPublishInterval);
  EXPECT_EQ(primary.got, std::vector{row(kHour + 1h, 2, 0, later)});
  publisher.step(primary, kNow + 10 * warehouse::kPublishInterval);
  EXPECT_EQ(primary.calls, 2);
}

TEST(Publisher, TheLaneWaitsUnlessThereIsSomethingToDo) {
  Publisher publisher;
  Receiving primary;
  EXPECT_GE(publisher.wait(kNow), 1s);
  publisher.give({row(kHour, 5)});
  EXPECT_LE(publisher.wait(kNow), 1ms);
  publisher.step(primary, kNow);
  publisher.give({row(kHour, 6)});
  EXPECT_GE(publisher.wait(kNow), 1s);
  EXPECT_LE(publisher.wait(kNow + warehouse::kPublishInterval), 1ms);
}

TEST(Publisher, WhatWasRefusedComesAgainUnlessItIsReplaced) {
  Publisher publisher;
  Receiving primary;
  primary.error = base::Error{base::ErrorKind::unavailable, "gone", "", ""};
  publisher.give({row(kHour, 5), row(kHour + 1h, 1)});
  publisher.step(primary, kNow);
  primary.error.reset();
  publisher.give({row(kHour, 6), row(kHour + 1h, 1)});
  publisher.step(primary, kNow + warehouse::kPublishInterval);
  ASSERT_EQ(primary.got.size(), 2U);
  EXPECT_EQ(primary.got[0].received, 6U);
  EXPECT_EQ(primary.got[1], row(kHour + 1h, 1));
}

TEST(Publisher, AMissingRightIsNotTriedEachMinute) {
  Publisher publisher;
  Receiving primary;
  primary.error = base::Error{base::ErrorKind::conflict, "no right", "", ""};
  publisher.give({row(kHour, 5)});
  publisher.step(primary, kNow);
  publisher.step(primary, kNow + 30min);
  EXPECT_EQ(primary.calls, 1);
  publisher.step(primary, kNow + 1h);
  EXPECT_EQ(primary.calls, 2);
}

TEST(Publisher, AClockThatIsTurnedBackMakesNoRowOlder) {
  Publisher publisher;
  Receiving primary;
  publisher.give({row(kHour, 5)});
  publisher.finish(primary);
  publisher.give({row(kHour, 6, 0, kHour - 5h)});
  publisher.finish(primary);
  EXPECT_EQ(primary.got, std::vector{row(kHour, 6, 0, kHour + 1h + 1us)});
}

TEST(Publisher, AnHourOfWhichNothingIsLeftIsToldAsNothing) {
  Publisher publisher;
  Receiving primary;
  publisher.give({row(kHour, 0, 3), row(kHour + 1h, 1)});
  publisher.finish(primary);
  publisher.give({row(kHour + 1h, 1, 0, kHour + 2h)});
  publisher.finish(primary);
  EXPECT_EQ(primary.got, std::vector{row(kHour, 0, 0, kHour + 2h)});
}

TEST(Publisher, OldSettledHoursAreNotWrittenAtEachStart) {
  Publisher publisher;
  Receiving primary;
  const base::WallTime now = kHour + warehouse::kLoadsKept + 2h;
  publisher.give({row(kHour, 5, 0, now), row(kHour + 1h, 5, 1, now), row(kHour + 2h, 5, 0, now)});
  publisher.finish(primary);
  EXPECT_EQ(primary.got, (std::vector{row(kHour + 1h, 5, 1, now), row(kHour + 2h, 5, 0, now)}));
  const base::WallTime later = now + 1min;
  publisher.give({row(kHour, 5, 1, later), row(kHour + 1h, 5, 1, later), row(kHour + 2h, 5, 0, later)});
  publisher.finish(primary);
  EXPECT_EQ(primary.got, std::vector{row(kHour, 5, 1, later)});
}

OwedRow word(std::string_view text, base::WallTime as_of) {
  return warehouse::word_row("me", text, as_of);
}

TEST(Publisher, AStartThatCannotBeToldIsNotCalledTheBooks) {
  const tests::LogCapture log;
  Publisher publisher;
  Receiving secondary;
  secondary.error = base::Error{base::ErrorKind::unavailable, "gone", "", ""};
  publisher.announce(word(warehouse::kStarted, kHour));
  publisher.begin(secondary, kNow);
  publisher.step(secondary, kNow + 1h);
  EXPECT_TRUE(log.text().contains("cannot say in the target that it has started")) << log.text();
  EXPECT_FALSE(log.text().contains("books")) << log.text();
  publisher.give({row(kHour, 5)});
  publisher.step(secondary, kNow + 2h);
  EXPECT_TRUE(log.text().contains("The books of this instance cannot be published")) << log.text();
}

TEST(Publisher, AnInstanceThatOwesNothingSpeaksOncePerInterval) {
  Publisher publisher;
  Receiving primary;
  publisher.speak(word(warehouse::kRunning, kHour));
  publisher.step(primary, kNow);
  EXPECT_EQ(primary.got, std::vector{word(warehouse::kRunning, kHour)});
  publisher.speak(word(warehouse::kRunning, kHour + 30s));
  publisher.speak(word(warehouse::kRunning, kHour + 60s));
  publisher.step(primary, kNow + warehouse::kPublishInterval - 1ms);
  EXPECT_EQ(primary.calls, 1);
  publisher.step(primary, kNow + warehouse::kPublishInterval);
  EXPECT_EQ(primary.got, std::vector{word(warehouse::kRunning, kHour + 60s)});
}

TEST(Publisher, ItsWordComesBehindTheRowsThatItIsAbout) {
  Publisher publisher;
  Receiving primary;
  std::vector<OwedRow> rows;
  for (std::size_t i = 0; i <= warehouse::kOwedRowsMax; ++i) rows.push_back(row(kHour + i * 1h, 1, 1));
  publisher.give(rows);
  publisher.speak(word(warehouse::kRunning, kHour));
  primary.error = base::Error{base::ErrorKind::unavailable, "gone", "", ""};
  publisher.step(primary, kNow);
  primary.error.reset();
  const auto later = kNow + warehouse::kPublishInterval;
  publisher.step(primary, later);
  EXPECT_EQ(primary.got, std::vector(rows.begin(), rows.end() - 1));
  publisher.step(primary, later + 1s);
  EXPECT_EQ(primary.got, (std::vector{rows.back(), word(warehouse::kRunning, kHour)}));
}

TEST(Publisher, BeforeTheFirstWriteItSaysThatItRuns) {
  Publisher publisher;
  Receiving primary;
  publisher.announce(word(warehouse::kStarted, kHour));
  publisher.give({row(kHour, 5)});
  primary.error = base::Error{base::ErrorKind::unavailable, "gone", "", ""};
  publisher.begin(primary, kNow);
  primary.error.reset();
  publisher.step(primary, kNow + warehouse::kPublishInterval);
  EXPECT_EQ(primary.got, (std::vector{word(warehouse::kStarted, kHour), row(kHour, 5)})) << "it failed at first";
  publisher.begin(primary, kNow + 1h);
  EXPECT_EQ(primary.calls, 2) << "once";

  Publisher next;
  next.announce(word(warehouse::kStarted, kHour));
  next.give({row(kHour, 5)});
  next.begin(primary, kNow);
  EXPECT_EQ(primary.got, std::vector{word(warehouse::kStarted, kHour)});
  next.step(primary, kNow);
  EXPECT_EQ(primary.got, std::vector{row(kHour, 5)}) << "the rows do not wait for an interval";
}

TEST(Publisher, ACleanStopLeavesAMarkOnceAllIsTold) {
  Publisher publisher;
  Receiving primary;
  publisher.speak(word(warehouse::kRunning, kHour));
  publisher.finish(primary);
  EXPECT_EQ(primary.got, std::vector{word(warehouse::kRunning, kHour)}) << "not all that it owes was told";
  publisher.speak(word(warehouse::kRunning, kHour + 1min));
  std::vector<OwedRow> rows;
  for (std::size_t i = 0; i <= warehouse::kOwedRowsMax; ++i) rows.push_back(row(kHour + i * 1h, 1, 1));
  publisher.give(rows);
  publisher.settle();
  publisher.finish(primary);
  EXPECT_EQ(primary.got, (std::vector{rows.back(), word(warehouse::kSettled, kHour + 1min)}));
  EXPECT_EQ(primary.calls, 3);
}

TEST(Publisher, ManyRowsGoInSteps) {
  Publisher publisher;
  Receiving primary;
  std::vector<OwedRow> rows;
  for (std::size_t i = 0; i <= warehouse::kOwedRowsMax; ++i) rows.push_back(row(kHour + i * 1h, 1, 1));
  publisher.give(rows);
  publisher.step(primary, kNow);
  EXPECT_EQ(primary.got.size(), warehouse::kOwedRowsMax);
  publisher.step(primary, kNow + 1s);
  EXPECT_EQ(primary.got, std::vector{rows.back()});
}

}  // namespace
}  // namespace twinshift::delivery
