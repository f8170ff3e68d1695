#include "backlog/growth.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/log.hpp"

namespace twinshift::backlog {
namespace {

using namespace std::chrono_literals;

constexpr base::SteadyTime kStart{1h};

TEST(GrowthMeter, KnowsNothingAtFirst) {
  GrowthMeter meter;
  meter.sample(kStart, 100, 1'000);
  const Growth growth = meter.growth(kStart + 1s, 200, 2'000, 10'000);
  EXPECT_EQ(growth.events_per_second, 0);
  EXPECT_FALSE(growth.parity_in);
  EXPECT_FALSE(growth.budget_used_in);
}

TEST(GrowthMeter, TellsWhenTheBudgetIsUsedUp) {
  GrowthMeter meter;
  meter.sample(kStart, 0, 0);
  const Growth growth = meter.growth(kStart + 10s, 1'000, 100'000, 1'100'000);
  EXPECT_DOUBLE_EQ(growth.events_per_second, 100);
  EXPECT_DOUBLE_EQ(growth.bytes_per_second, 10'000);
  EXPECT_FALSE(growth.parity_in) << "while it grows there is none";
  EXPECT_EQ(growth.budget_used_in, 100s);
}

TEST(GrowthMeter, TellsWhenTheTwoWillBeEqual) {
  GrowthMeter meter;
  meter.sample(kStart, 1'000, 100'000);
  const Growth growth = meter.growth(kStart + 10s, 800, 100'000, 1'000'000);
  EXPECT_EQ(growth.parity_in, 40s);
  EXPECT_FALSE(growth.budget_used_in);
}

TEST(GrowthMeter, ForgetsWhatIsOlderThanItsWindow) {
  GrowthMeter meter;
  std::uint64_t events = 0;
  for (auto at = kStart; at <= kStart + 10min; at += 1s) {
    events += at < kStart + 4min ? 1'000 : 10;  // a burst long ago
    meter.sample(at, events, 0);
  }
  EXPECT_NEAR(meter.growth(kStart + 10min, events, 0, 1).events_per_second, 10, 0.1);
}

class HeraldTest : public ::testing::Test {
 protected:
  HeraldTest() {
    base::log::set_sink([this](std::string_view line) { lines_.emplace_back(line); });
  }
  ~HeraldTest() override { base::log::set_sink({}); }
  std::size_t tell(base::SteadyTime now, std::optional<std::chrono::seconds> left, bool bodies = true) {
    lines_.clear();
    Growth growth;
    growth.budget_used_in = left;
    herald_.tell(now, growth, 5, 10, bodies);
    return lines_.size();
  }
  std::vector<std::string> lines_;
  BudgetHerald herald_{"secondary"};
};

TEST_F(HeraldTest, SpeaksOnceALevelAndAgainAfterAnHour) {
  EXPECT_EQ(tell(kStart, std::nullopt), 0U);
  EXPECT_EQ(tell(kStart, 100h), 0U);
  EXPECT_EQ(tell(kStart, 70h), 1U);
  EXPECT_EQ(tell(kStart + 1min, 69h), 0U);
  EXPECT_EQ(tell(kStart + 61min, 68h), 1U);
  EXPECT_EQ(tell(kStart + 62min, 5h), 1U);
  EXPECT_EQ(tell(kStart + 63min, std::nullopt, false), 1U);
  EXPECT_NE(lines_[0].find("used up: events are kept by their ids alone"), std::string::npos);
  EXPECT_EQ(tell(kStart + 64min, std::nullopt), 1U);
  EXPECT_NE(lines_[0].find("no longer running out"), std::string::npos);
  EXPECT_EQ(tell(kStart + 65min, std::nullopt), 0U);
}

}  // namespace
}  // namespace twinshift::backlog
