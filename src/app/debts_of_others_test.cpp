#include "app/debts_of_others.hpp"

#include <gtest/gtest.h>

namespace twinshift::app {
namespace {

using namespace std::chrono_literals;
using warehouse::OwedRow;

constexpr base::WallTime kNow{std::chrono::hours(480'000)};

OwedRow row(const std::string& instance, const std::string& target, base::WallTime hour, std::uint64_t owed,
            base::WallTime as_of, std::uint64_t quarantined = 0) {
  return {.instance = instance,
          .target = target,
          .arrival_at = hour,
          .received = 10,
          .owed = owed,
          .quarantined = quarantined,
          .waived = 0,
          .as_of = as_of};
}

bool may_owe(std::vector<OwedRow> rows, const std::string& target, base::WallTime received_at) {
  return OthersRows(std::move(rows), "we", kNow, kSilentAfter).may_owe(target, received_at);
}

TEST(OthersRows, WhatAnotherOwesOfAnHourMayBeAnyEventOfThatHour) {
  const std::vector<OwedRow> rows{row("they", "secondary", kNow - 5h, 1, kNow - 1min),
                                  row("they", "primary", kNow - 7h, 0, kNow - 1min, 2)};
  EXPECT_TRUE(may_owe(rows, "secondary", kNow - 5h + 59min));
  EXPECT_FALSE(may_owe(rows, "secondary", kNow - 4h));
  EXPECT_FALSE(may_owe(rows, "primary", kNow - 5h));
  EXPECT_TRUE(may_owe(rows, "primary", kNow - 7h)) << "it may be in the other's quarantine";
}

// Found by the simulator: an event that another instance had just parked was named as missing, and a repair copied it.
TEST(OthersRows, WhatHasJustArrivedAnotherMayOweWithoutHavingSaidSo) {
  const std::vector<OwedRow> rows{row("they", "secondary", kNow - 1h, 0, kNow - 50s)};
  EXPECT_TRUE(may_owe(rows, "secondary", kNow - 10s));
  EXPECT_TRUE(may_owe(rows, "primary", kNow - 119s));
  EXPECT_FALSE(may_owe(rows, "secondary", kNow - 121s));
  EXPECT_TRUE(may_owe({row("they", "secondary", kNow - 20h, 0, kNow - 20h)}, "secondary", kNow - 10s))
      << "it had nothing to say all the while";
  EXPECT_FALSE(may_owe({row("we", "secondary", kNow, 0, kNow)}, "secondary", kNow - 10s)) << "there is no other";
}

TEST(OthersRows, OurOwnRowsSayNothingNew) {
  EXPECT_FALSE(may_owe({row("we", "secondary", kNow - 5h, 9, kNow - 5h)}, "secondary", kNow - 5h));
}

TEST(OthersRows, OfAnInstanceThatIsSilentNobodyKnowsWhatItTookLast) {
  const std::vector<OwedRow> rows{row("gone", "secondary", kNow - 48h, 0, kNow - 48h),
                                  row("gone", "secondary", kNow - 24h, 0, kNow - 24h)};
  EXPECT_TRUE(may_owe(rows, "secondary", kNow - 24h - 59min));
  EXPECT_TRUE(may_owe(rows, "primary", kNow - 24h + 4min));
  EXPECT_FALSE(may_owe(rows, "secondary", kNow - 24h + 6min));
  EXPECT_FALSE(may_owe(rows, "secondary", kNow - 48h)) << "it has spoken since";
  EXPECT_FALSE(may_owe({row("they", "secondary", kNow - 1h, 0, kNow - 119s)}, "secondary", kNow - 1h));
}

}  // namespace
}  // namespace twinshift::app
