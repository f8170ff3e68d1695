#include "app/rebuilt_markers.hpp"

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace twinshift::app {
namespace {

using base::ErrorKind;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::chrono_literals;

const books::Hour kNoon{std::chrono::hours(473'364)};

// Answers as it was told to, then as a table with room.
class Told final : public warehouse::Warehouse {
 public:
  base::Status prepare() override {
    ++prepared;
    return {};
  }
  base::Result<std::uint64_t> mark_rebuilt(std::span<const warehouse::RebuiltHour> hours) override {
    ++asked;
    if (answers.empty()) return hours.size();
    auto answer = std::move(answers.front());
    answers.pop_front();
    return answer;
  }
  base::Result<warehouse::WriteReport> write(const warehouse::Batch&) override { return warehouse::WriteReport(); }
  base::Result<std::optional<warehouse::Marker>> find_marker(std::string_view) override { return std::nullopt; }
  base::Result<warehouse::Table> query(const std::string&, std::size_t) override { return warehouse::Table(); }
  base::Status ping() override { return {}; }
  [[nodiscard]] std::string product() const override { return "told"; }

  std::deque<base::Result<std::uint64_t>> answers;
  int asked = 0;
  int prepared = 0;
};

base::Result<std::uint64_t> failure(ErrorKind kind) {
  return base::fail(kind, "told to", "here");
}

const std::vector<warehouse::RebuiltHour> kHours = {{"rebuilt-1", kNoon, 3}, {"rebuilt-2", kNoon + 1h, 4}};

TEST(RebuiltMarkersTest, AnIdTellsHourAndWhatHadLanded) {
  EXPECT_THAT(rebuilt_id(kNoon, 7, ""), StartsWith(std::string(warehouse::kRebuiltPrefix)));
  EXPECT_EQ(rebuilt_id(kNoon, 7, ""), "rebuilt-2024-01-01T12:00Z-7");
  EXPECT_EQ(rebuilt_id(kNoon, 7, "me"), "rebuilt-2024-01-01T12:00Z-7-me");
  EXPECT_FALSE(warehouse::is_mending(rebuilt_id(kNoon, 7, "me")));
}

TEST(RebuiltMarkersTest, OneThatStandsThereIsAnotherRebuilds) {
  Told table;
  table.answers.emplace_back(1U);
  const auto done = mark_settled(table, kHours);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::conflict);
  EXPECT_THAT(done.error().text(), HasSubstr("another rebuild"));
  EXPECT_TRUE(mark_settled(table, kHours));
}

TEST(RebuiltMarkersTest, AfterALostAnswerWhatStandsThereMayBeOurOwn) {
  Told table;
  table.answers.push_back(failure(ErrorKind::unavailable));
  table.answers.emplace_back(0U);
  EXPECT_TRUE(mark_settled(table, kHours));
  EXPECT_EQ(std::pair(table.asked, table.prepared), std::pair(2, 1));
}

TEST(RebuiltMarkersTest, ItIsTriedABoundedNumberOfTimes) {
  Told table;
  for (int i = 0; i < 2 * kMarkWritesMax; ++i) table.answers.push_back(failure(ErrorKind::unavailable));
  EXPECT_FALSE(mark_settled(table, kHours));
  EXPECT_EQ(table.asked, kMarkWritesMax);
  table.asked = 0;
  table.answers.assign(1, failure(ErrorKind::full));
  EXPECT_FALSE(mark_settled(table, kHours));
  EXPECT_EQ(table.asked, 1);
}

}  // namespace
}  // namespace twinshift::app
