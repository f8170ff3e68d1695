#include "event/time_parse.hpp"

#include <string>

#include <gtest/gtest.h>

#include "base/time_text.hpp"

namespace twinshift::event {
namespace {

// "utc | local", so that a failure reads well.
std::string parsed(std::string_view text) {
  const auto time = parse_timestamp(text);
  return time ? base::sql_timestamp(time->utc) + " | " + base::sql_timestamp(time->local) : "none";
}

std::string utc(std::string_view text) {
  const auto time = parse_timestamp(text);
  return time ? base::sql_timestamp(time->utc) : "none";
}

TEST(TimeParse, ReadsWhatAppsFlyerSends) {
  EXPECT_EQ(utc("2024-01-01 12:00:00.000"), "2024-01-01 12:00:00");
  EXPECT_EQ(utc("2024-01-01 12:00:00"), "2024-01-01 12:00:00");
  EXPECT_EQ(utc("2024-01-01T12:00:00.123Z"), "2024-01-01 12:00:00.123");
  EXPECT_EQ(parsed("2025-03-03 06:18:05.613+0530"), "2025-03-03 00:48:05.613 | 2025-03-03 06:18:05.613");
  EXPECT_EQ(parsed("2025-03-03 06:18:05-08:00"), "2025-03-03 14:18:05 | 2025-03-03 06:18:05");
  EXPECT_EQ(parsed("2025-03-03 06:18:05 +08"), "2025-03-02 22:18:05 | 2025-03-03 06:18:05");
  EXPECT_EQ(parsed("2025-03-03 06:18:05 Z"), "2025-03-03 06:18:05 | 2025-03-03 06:18:05");
}

TEST(TimeParse, SaysHowItWasSpelt) {
  const auto zoned = parse_timestamp("2025-03-03 06:18:05.6130-0330");
  ASSERT_TRUE(zoned);
  EXPECT_TRUE(zoned->had_offset);
  EXPECT_EQ(zoned->offset_minutes, -210);
  EXPECT_EQ(zoned->fraction_digits, 4);
  EXPECT_FALSE(zoned->epoch);
  const auto plain = parse_timestamp("2025-03-03 06:18:05");
  ASSERT_TRUE(plain);
  EXPECT_FALSE(plain->had_offset);
  EXPECT_EQ(plain->fraction_digits, 0);
  EXPECT_EQ(plain->utc, plain->local);
}

TEST(TimeParse, CutsTheFractionBehindMicroseconds) {
  EXPECT_EQ(utc("2024-01-01 12:00:00.1"), "2024-01-01 12:00:00.100");
  EXPECT_EQ(utc("2024-01-01 12:00:00.123456789"), "2024-01-01 12:00:00.123456");
  EXPECT_TRUE(parse_timestamp("2024-01-01 12:00:00.1234567")->truncated);
  EXPECT_FALSE(parse_timestamp("2024-01-01 12:00:00.123456000")->truncated);
  EXPECT_EQ(utc("2024-01-01 12:00:00.1234567890"), "none");
  EXPECT_EQ(utc("2024-01-01 12:00:00."), "none");
  EXPECT_EQ(utc("2024-01-01 12:00:00.Z"), "none");
}

TEST(TimeParse, ReadsEpochs) {
  EXPECT_EQ(utc("1704110400"), "2024-01-01 12:00:00");
  EXPECT_EQ(utc("1704110400123"), "2024-01-01 12:00:00.123");
  EXPECT_TRUE(parse_timestamp("1704110400")->epoch);
  EXPECT_EQ(utc("0000000000"), "1970-01-01 00:00:00");
  EXPECT_EQ(utc("9999999999999"), "2286-11-20 17:46:39.999");
  for (const char* text : {"170411040", "17041104001", "-170411040", "17041104.0", "1704110400123456"}) {
    EXPECT_EQ(utc(text), "none") << text;
  }
}

TEST(TimeParse, KnowsTheCalendar) {
  EXPECT_EQ(utc("2024-02-29 00:00:00"), "2024-02-29 00:00:00");
  EXPECT_EQ(utc("2000-02-29 00:00:00"), "2000-02-29 00:00:00");
  EXPECT_EQ(utc("2023-12-31 23:59:59 -23:59"), "2024-01-01 23:58:59");
  EXPECT_EQ(utc("9999-12-31 23:59:59.999999"), "9999-12-31 23:59:59.999999");
  EXPECT_TRUE(parse_timestamp("0000-01-01 00:00:00 +2359"));
  for (const char* text : {"2023-02-29 00:00:00", "1900-02-29 00:00:00", "2024-04-31 00:00:00", "2024-00-10 00:00:00",
                           "2024-13-10 00:00:00", "2024-01-00 00:00:00", "2024-01-32 00:00:00", "2024-01-01 24:00:00",
                           "2024-01-01 00:60:00", "2024-01-01 00:00:60"}) {
    EXPECT_EQ(utc(text), "none") << text;
  }
}

TEST(TimeParse, RefusesEverythingElse) {
  for (const char* text : {"",
                           " ",
                           "2024-01-01",
                           "2024-01-01 ",
                           "2024-01-01 12:00",
                           "2024-1-1 12:00:00",
                           " 2024-01-01 12:00:00",
                           "2024-01-01 12:00:00 ",
                           "2024-01-01  12:00:00",
                           "2024-01-01t12:00:00",
                           "2024-01-01T12:00:00z",
                           "2024-01-01 12:00:00  Z",
                           "2024-01-01 12:00:00ZZ",
                           "2024-01-01 12:00:00+5",
                           "2024-01-01 12:00:00+",
                           "2024-01-01 12:00:00+05:",
                           "2024-01-01 12:00:00+05:3",
                           "2024-01-01 12:00:00+05300",
                           "2024-01-01 12:00:00+2400",
                           "2024-01-01 12:00:00+0060",
                           "2024-01-01 12:00:00 UTC",
                           "2024/01/01 12:00:00",
                           "01-01-2024 12:00:00",
                           "2024-01-01 12:00:00,000",
                           "2024-01-01 12:00:00 PM",
                           "+024-01-01 12:00:00",
                           "2024-01-01 12:00:00+-5:0",
                           "1.704110400e9",
                           "null",
                           "0x65920080"}) {
    EXPECT_EQ(utc(text), "none") << text;
  }
  EXPECT_EQ(utc(std::string_view("2024-01-01 12:00:00\0", 20)), "none");
}

}  // namespace
}  // namespace twinshift::event
