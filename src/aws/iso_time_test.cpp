#include "aws/iso_time.hpp"

#include <gtest/gtest.h>

#include "base/time_text.hpp"

namespace twinshift::aws {
namespace {

std::string read(std::string_view text) {
  const auto time = iso_time(text);
  return time ? base::sql_timestamp(*time) : "(none)";
}

TEST(IsoTime, IsReadAsAwsWritesIt) {
  EXPECT_EQ(read("2026-01-02T03:04:05Z"), "2026-01-02 03:04:05");
  EXPECT_EQ(read(" 2026-01-02T03:04:05.25Z\n"), "2026-01-02 03:04:05.250");
  EXPECT_EQ(read("2026-01-02T03:04:05.123456789Z"), "2026-01-02 03:04:05.123456");
  EXPECT_EQ(read("2026-01-02T00:04:05+02:30"), "2026-01-01 21:34:05");
  EXPECT_EQ(read("2026-01-02T03:04:05-0100"), "2026-01-02 04:04:05");
  EXPECT_EQ(read("1969-12-31T23:59:59Z"), "1969-12-31 23:59:59");
}

TEST(IsoTime, IsNothingForWhatIsNoTime) {
  for (const std::string_view text :
       {"", "2026", "2026-01-02", "2026-01-02 03:04:05Z", "2026-13-02T03:04:05Z", "2026-02-30T03:04:05Z",
        "2026-01-02T24:04:05Z", "2026-01-02T03:60:05Z", "2026-01-02T03:04:61Z", "2026-01-02T03:04:05",
        "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05Zx", "2026-01-02T03:04:05+99:00", "1735786800"}) {
    EXPECT_EQ(read(text), "(none)") << text;
  }
}

}  // namespace
}  // namespace twinshift::aws
