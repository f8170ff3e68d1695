// A target's markers over months: summed up whoever restarts how often, whoever was away, whichever table is counted.
#include "app/load_reader.hpp"

#include <memory>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "app/embedded_target_fixture.hpp"
#include "base/time_text.hpp"
#include "tests/support/manual_clock.hpp"
#include "warehouse/markers.hpp"

namespace twinshift::app {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

class LoadReaderTest : public EmbeddedTargetFixture {
 protected:
  void SetUp() override {
    EmbeddedTargetFixture::SetUp();
    auto file = books::BooksFile::open((settings_.data_dir / "books.db").string(), clock_.now(), "me");
    ASSERT_TRUE(file) << file.error().text();
    file_ = std::move(*file);
  }
  // A process's reader. `instance`: whose markers; empty: everybody's.
  void start(const std::string& instance) {
    LoadReader::Parts parts{.instance = instance,
                            .file = file_,
                            .counts_duplicates = [] { return true; },
                            .prune = [this](const std::string&, base::WallTime before) { prunable_ = before; },
                            .clock = &clock_};
    reader_ = std::make_unique<LoadReader>(settings_, "primary", std::move(parts));
  }
  std::map<books::Hour, books::Counts> read() {
    auto hours = reader_->read(books::Hour{});
    EXPECT_TRUE(hours) << (hours ? "" : hours.error().text());
    return hours ? std::move(*hours) : std::map<books::Hour, books::Counts>();
  }
  std::uint64_t landed() {
    std::uint64_t all = 0;
    for (const auto& [hour, counts] : read()) all += counts.landed;
    return all;
  }
  // One event landed, of this hour.
  void land(const std::string& instance, const std::string& table = "events") {
    const std::string now = base::sql_timestamp(clock_.now());
    execute(fmt::format("INSERT INTO twinshift_loads VALUES ('{0}', '{1}', 'b', '{2}', '{2}', 1, 1, 0, 0, 0, '{3}')",
                        table, instance, base::sql_timestamp(hour()), now));
  }
  void remove(const std::string& instance, base::WallTime before) {
    execute(fmt::format("DELETE FROM twinshift_loads WHERE instance = '{}' AND written_at < '{}'", instance,
                        base::sql_timestamp(before)));
  }
  [[nodiscard]] books::Hour hour() const { return warehouse::hour_of(clock_.now()); }

  tests::ManualClock clock_;
  std::shared_ptr<books::BooksFile> file_;
  std::unique_ptr<LoadReader> reader_;
  base::WallTime prunable_{};
};

// None lives for the day that a single process must be watched for.
TEST_F(LoadReaderTest, ManyShortLivesSumUpAndLetGoAllTheSame) {
  for (std::uint64_t life = 0; life < 80; ++life) {
    start("me");
    land("me");
    EXPECT_EQ(landed(), life + 1);
    clock_.advance(11h);
    EXPECT_EQ(landed(), life + 1);
    clock_.advance(1h);
    remove("me", prunable_);
  }
  EXPECT_GE(prunable_, clock_.now() - warehouse::kLoadsKept - 3 * 24h);
  EXPECT_LE(prunable_, clock_.now() - warehouse::kLoadsKept);
}

TEST_F(LoadReaderTest, AClockThatIsAheadForALifeMakesNothingOld) {
  start("me");
  land("me");
  const base::WallTime truth = clock_.now();
  (void)read();
  clock_.advance(25h);
  (void)read();
  clock_.set(truth + 60 * 24h);
  start("me");
  EXPECT_EQ(landed(), 1U);
  EXPECT_LE(prunable_, truth + 25h - warehouse::kLoadsKept);
  clock_.set(truth + 26h);
  start("me");
  land("me");
  EXPECT_EQ(landed(), 2U);
}

// On a shared queue everybody's markers count, and each removes its own at 9 days.
TEST_F(LoadReaderTest, WhatOthersRemoveWasSummedUpBefore) {
  for (std::uint64_t day = 0; day < 30; ++day) {
    start("");
    land("other");
    EXPECT_EQ(landed(), day + 1);
    clock_.advance(12h);
    EXPECT_EQ(landed(), day + 1);
    clock_.advance(12h);
    remove("other", clock_.now() - warehouse::kLoadsKept);
  }
  (void)read();
  EXPECT_EQ(reader_->judged_from(), books::Hour{}) << "nothing was lost, so every hour is judged";
}

TEST_F(LoadReaderTest, WhoWasAwayJudgesOnlyWhatNobodyHasRemoved) {
  start("");
  land("other");
  EXPECT_EQ(landed(), 1U);
  clock_.advance(12 * 24h);
  remove("other", clock_.now() - warehouse::kLoadsKept);
  land("other");
  start("");
  EXPECT_EQ(landed(), 1U);
  const books::Hour from = reader_->judged_from();
  EXPECT_GE(from, clock_.now() - warehouse::kLoadsKept);
  EXPECT_LE(from, clock_.now() - warehouse::kLoadsKept + 3h);
  // The watch is over, what is left is summed up: the gap stays a gap.
  clock_.advance(25h);
  (void)read();
  clock_.advance(20 * 24h);
  remove("other", clock_.now() - warehouse::kLoadsKept);
  start("");
  (void)read();
  EXPECT_GE(reader_->judged_from(), from);
}

// With a queue of its own an instance that was away finds its markers as it left them.
TEST_F(LoadReaderTest, WhoAnswersForItsOwnIsJudgedWhole) {
  start("me");
  land("me");
  EXPECT_EQ(landed(), 1U);
  clock_.advance(60 * 24h);
  start("me");
  EXPECT_EQ(landed(), 1U);
  EXPECT_EQ(reader_->judged_from(), books::Hour{});
}

TEST_F(LoadReaderTest, ATableThatWasRenamedBeginsTheCountingAnew) {
  start("me");
  land("me");
  EXPECT_EQ(landed(), 1U);
  EXPECT_EQ(reader_->judged_from(), books::Hour{});
  start("me");
  EXPECT_EQ(landed(), 1U);
  EXPECT_EQ(reader_->judged_from(), books::Hour{}) << "the same";
  settings_.primary.table = "renamed";
  make_tables();
  clock_.advance(30min);
  start("me");
  EXPECT_EQ(landed(), 0U);
  EXPECT_EQ(reader_->judged_from(), hour() + 1h);
  clock_.advance(2h);
  land("me", "renamed");
  start("me");
  EXPECT_EQ(landed(), 1U);
  EXPECT_EQ(reader_->judged_from(), hour() - 1h) << "once";
}

// What was summed up of another table is not this one's.
TEST_F(LoadReaderTest, AnotherDatabaseForgetsWhatWasSummedUp) {
  start("me");
  land("me");
  (void)read();
  clock_.advance(25h);
  (void)read();
  clock_.advance(12 * 24h);
  EXPECT_EQ(landed(), 1U);
  remove("me", prunable_);
  EXPECT_EQ(landed(), 1U);
  settings_.primary.path = settings_.data_dir / "elsewhere.db";
  make_tables();
  start("me");
  EXPECT_EQ(landed(), 0U);
  EXPECT_EQ(reader_->judged_from(), hour() + 1h);
}

}  // namespace
}  // namespace twinshift::app
