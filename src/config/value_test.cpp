#include "config/value.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace twinshift::config {
namespace {

const Option& option(std::string_view name) {
  const Option* found = find_option(name);
  EXPECT_NE(found, nullptr) << name;
  return *found;
}

struct NumberCase {
  const char* name;
  const char* raw;
  std::int64_t number;
};

class Numbers : public testing::TestWithParam<NumberCase> {};

TEST_P(Numbers, AreTaken) {
  const auto value = parse_value(option(GetParam().name), GetParam().raw);
  ASSERT_TRUE(value.has_value()) << value.error();
  EXPECT_EQ(value->number, GetParam().number);
}

INSTANTIATE_TEST_SUITE_P(
    Good, Numbers,
    testing::Values(NumberCase{"PORT", "0", 0}, NumberCase{"PORT", "65535", 65535}, NumberCase{"PORT", " 80 ", 80},
                    NumberCase{"PORT", "0080", 80}, NumberCase{"PARK_AFTER", "1000", 1000},
                    NumberCase{"PARK_AFTER", "2s", 2000}, NumberCase{"PARK_AFTER", "2 S", 2000},
                    NumberCase{"PARK_AFTER", "1m", 60'000}, NumberCase{"PARK_AFTER", "250ms", 250},
                    NumberCase{"HTTP_KEEP_ALIVE_IDLE", "75", 75'000},
                    NumberCase{"HTTP_KEEP_ALIVE_IDLE", "1500ms", 1500},
                    NumberCase{"HTTP_KEEP_ALIVE_IDLE", "1h", 3'600'000}, NumberCase{"DISK_RESERVE", "16MB", 16'000'000},
                    NumberCase{"DISK_RESERVE", "1GiB", 1 << 30}, NumberCase{"DISK_RESERVE", "2gb", 2'000'000'000},
                    NumberCase{"DISK_RESERVE", "1000000B", 1'000'000},
                    NumberCase{"HTTP_BODY_BYTES_MAX", "16KiB", 16'384}, NumberCase{"HTTP_BODY_BYTES_MAX", "2KB", 2000},
                    NumberCase{"WEBHOOK_STRICT", "TRUE", 1}, NumberCase{"WEBHOOK_STRICT", "1", 1},
                    NumberCase{"WEBHOOK_STRICT", "yes", 1}, NumberCase{"WEBHOOK_STRICT", "On", 1},
                    NumberCase{"WEBHOOK_STRICT", "false", 0}, NumberCase{"WEBHOOK_STRICT", "0", 0},
                    NumberCase{"WEBHOOK_STRICT", "No", 0}, NumberCase{"WEBHOOK_STRICT", "off", 0}));

struct TextCase {
  const char* name;
  const char* raw;
  const char* text;
};

class Texts : public testing::TestWithParam<TextCase> {};

TEST_P(Texts, AreTaken) {
  const auto value = parse_value(option(GetParam().name), GetParam().raw);
  ASSERT_TRUE(value.has_value()) << value.error();
  EXPECT_EQ(value->text, GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    Good, Texts,
    testing::Values(TextCase{"LOG_LEVEL", "WARN", "warn"}, TextCase{"EVENT_IDENTITY", "message", "message"},
                    TextCase{"AWS_REGION", "us-gov-west-1", "us-gov-west-1"},
                    TextCase{"REDSHIFT_TABLE_NAME", "appsflyer.Events_1$", "appsflyer.Events_1$"},
                    TextCase{"PRIMARY_WAREHOUSE_URL", "SQLITE:a.db", "sqlite:a.db"},
                    TextCase{"PRIMARY_WAREHOUSE_URL", "sqlite:my folder/a.db", "sqlite:my folder/a.db"},
                    TextCase{"SQS_QUEUE_URL", "https://sqs/q", "https://sqs/q"},
                    TextCase{"TWINSHIFT_DATA_DIR", "/srv/\xC3\xA4", "/srv/\xC3\xA4"},
                    TextCase{"AWS_SECRET_ACCESS_KEY", "a+b/c=\r\n", "a+b/c="}));

struct BadCase {
  const char* name;
  std::string raw;
};

class Wrong : public testing::TestWithParam<BadCase> {};

TEST_P(Wrong, IsRefusedWithoutItsValue) {
  const auto value = parse_value(option(GetParam().name), GetParam().raw);
  ASSERT_FALSE(value.has_value()) << GetParam().name << '=' << GetParam().raw;
  EXPECT_FALSE(value.error().empty());
  if (GetParam().raw.size() > 3) {
    EXPECT_EQ(value.error().find(GetParam().raw), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Bad, Wrong,
    testing::Values(BadCase{"PORT", "65536"}, BadCase{"PORT", "-1"}, BadCase{"PORT", "-0"}, BadCase{"PORT", "+80"},
                    BadCase{"PORT", "0x50"}, BadCase{"PORT", "80.0"}, BadCase{"PORT", "8e3"}, BadCase{"PORT", "1,000"},
                    BadCase{"PORT", "3000s"}, BadCase{"PORT", "99999999999999999999"}, BadCase{"PORT", "hunter2"},
                    BadCase{"PORT", std::string("80\0", 3) + "1"}, BadCase{"SQS_MAX_MESSAGES", "11"},
                    BadCase{"SQS_WAIT_TIME_SECONDS", "21"}, BadCase{"PARK_AFTER", "0"}, BadCase{"PARK_AFTER", "1d"},
                    BadCase{"PARK_AFTER", "1KB"}, BadCase{"PARK_AFTER", "1.5s"}, BadCase{"PARK_AFTER", "s"},
                    BadCase{"PARK_AFTER", "9223372036854775807h"}, BadCase{"DISK_RESERVE", "1s"},
                    BadCase{"DISK_RESERVE", "99999999999GiB"}, BadCase{"DISK_RESERVE", "12345TB"},
                    BadCase{"WEBHOOK_STRICT", "maybe"}, BadCase{"WEBHOOK_STRICT", "2"}, BadCase{"LOG_LEVEL", "verbose"},
                    BadCase{"LOG_LEVEL", "debug|info"}, BadCase{"EVENT_IDENTITY", "contents"},
                    BadCase{"REDSHIFT_TABLE_NAME", "a.b.c"}, BadCase{"REDSHIFT_TABLE_NAME", "a b"},
                    BadCase{"REDSHIFT_TABLE_NAME", "x; DROP TABLE y"}, BadCase{"REDSHIFT_TABLE_NAME", "\"x\""},
                    BadCase{"REDSHIFT_TABLE_NAME", ".x"}, BadCase{"REDSHIFT_TABLE_NAME", "1x"},
                    BadCase{"REDSHIFT_TABLE_NAME", std::string(128, 'x')}, BadCase{"AWS_REGION", "mars"},
                    BadCase{"AWS_REGION", "us-east-1.evil.example"}, BadCase{"AWS_REGION", "US-EAST-1"},
                    BadCase{"PRIMARY_WAREHOUSE_URL", "data/primary.db"},
                    BadCase{"PRIMARY_WAREHOUSE_URL", "mysql://u:pass@h/d"},
                    BadCase{"PRIMARY_WAREHOUSE_URL", "postgresql:hunter2"}, BadCase{"SQS_QUEUE_URL", ""},
                    BadCase{"PRIMARY_WAREHOUSE_URL", "postgresql://a b"}, BadCase{"SQS_QUEUE_URL", "appsflyer-events"},
                    BadCase{"HOST", "a\nb"}, BadCase{"HOST", "\xFF\xFE"},
                    BadCase{"HOST", std::string(kValueBytesMax + 1, 'x')}, BadCase{"HOST", std::string("\x1B[31m")},
                    BadCase{"HOST", " "}));

TEST(Value, EveryDefaultIsAllowedAndIsReadBackAsShown) {
  for (const Option& each : options()) {
    const std::string shown = shown_value(each, each.preset);
    if (shown.empty()) continue;  // unset
    const auto again = parse_value(each, shown);
    ASSERT_TRUE(again.has_value()) << each.name << " " << shown << " " << again.error();
    EXPECT_EQ(again->number, each.preset.number) << each.name;
    EXPECT_EQ(again->text, each.preset.text) << each.name;
  }
}

TEST(Value, BoundsAreInclusiveForEveryNumber) {
  for (const Option& each : options()) {
    if (is_textual(each.kind) || each.kind == Kind::boolean) continue;
    EXPECT_TRUE(parse_value(each, fmt::format("{}", each.limits.min)).has_value()) << each.name;
    EXPECT_TRUE(parse_value(each, fmt::format("{}", each.limits.max)).has_value()) << each.name;
    EXPECT_FALSE(parse_value(each, fmt::format("{}", each.limits.max + 1)).has_value()) << each.name;
  }
}

TEST(Value, IsShownWithItsUnit) {
  EXPECT_EQ(shown_value(option("PARK_AFTER"), {"", 1500}), "1500 ms");
  EXPECT_EQ(shown_value(option("PARK_AFTER"), {"", 2000}), "2 s");
  EXPECT_EQ(shown_value(option("SQS_WAIT_TIME_SECONDS"), {"", 0}), "0 ms");
  EXPECT_EQ(shown_value(option("DISK_RESERVE"), {"", 512'000'000}), "512 MB");
  EXPECT_EQ(shown_value(option("HTTP_BODY_BYTES_MAX"), {"", 1 << 20}), "1 MiB");
  EXPECT_EQ(shown_value(option("REFUSED_BYTES_MAX"), {"", 0}), "0 B");
  EXPECT_EQ(shown_value(option("PORT"), {"", 3000}), "3000");
}

TEST(Value, SecretsAreNeverShown) {
  EXPECT_EQ(shown_value(option("AWS_SECRET_ACCESS_KEY"), {"hunter2", 0}), "********");
  EXPECT_EQ(shown_value(option("AWS_SECRET_ACCESS_KEY"), {"", 0}), "");
  EXPECT_EQ(shown_value(option("PRIMARY_WAREHOUSE_URL"), {"postgresql://a:hunter2@h/d", 0}),
            "postgresql://a:********@h/d");
  EXPECT_EQ(shown_value(option("HOST"), {"postgresql://a:hunter2@h/d", 0}), "postgresql://a:********@h/d");
}

TEST(Options, AreDeclaredWell) {
  for (const Option& each : options()) {
    EXPECT_EQ(find_option(each.name), &each) << each.name << " is declared twice";
    EXPECT_FALSE(each.text.empty()) << each.name;
    EXPECT_TRUE(each.text.ends_with('.') || each.text.ends_with(")")) << each.name;
  }
  EXPECT_EQ(find_option("port"), nullptr);
  EXPECT_EQ(find_option(""), nullptr);
}

}  // namespace
}  // namespace twinshift::config
