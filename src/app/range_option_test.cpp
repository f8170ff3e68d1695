#include "app/range_option.hpp"

#include <gtest/gtest.h>

namespace twinshift::app {
namespace {

using namespace std::chrono_literals;

constexpr base::WallTime kNoon{std::chrono::seconds(1'704'110'400)};

TEST(RangeOption, ReadsMomentsAsPeopleWriteThem) {
  EXPECT_EQ(parse_moment("2024-01-01T12:00"), kNoon);
  EXPECT_EQ(parse_moment("2024-01-01 12:00Z"), kNoon);
  EXPECT_EQ(parse_moment("2024-01-01T12:00:00.5Z"), kNoon + 500ms);
  EXPECT_EQ(parse_moment("2024-01-01"), kNoon - 12h);
}

TEST(RangeOption, RefusesEverythingElse) {
  for (const char* wrong : {"", "Z", "today", "1704110400", "2024-13-01", "2024-01-01T12", "2024-01-01T12:00+02:00",
                            "2024-01-01 12:00:00 ", "-2024-01-01"}) {
    EXPECT_FALSE(parse_moment(wrong)) << wrong;
  }
}

TEST(RangeOption, ReadsWindows) {
  EXPECT_EQ(parse_window("1m"), 60s);
  EXPECT_EQ(parse_window("36h"), 36h);
  EXPECT_EQ(parse_window("31d"), 744h);
  for (const char* wrong : {"", "h", "0h", "-1h", "1.5h", "1s", "90", "32d", "99999999999999999999h", "1 h"}) {
    EXPECT_FALSE(parse_window(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace twinshift::app
