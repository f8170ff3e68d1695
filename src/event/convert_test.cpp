// Each odd value that AppsFlyer's traffic is known to hold, in the column that it comes in: what the cell becomes, and
// whether the value stands in `extra` too.
#include <chrono>

#include "base/time_text.hpp"
#include "event/row_testing.hpp"

namespace twinshift::event {
namespace {

struct Case {
  std::string_view value;  // JSON
  std::string_view cell;   // as shown()
  bool kept;               // in extra
};

void check(std::string_view column, std::initializer_list<Case> cases) {
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(column) + " = " + std::string(c.value));
    Row row;
    encode(event_of(column, c.value), TableShape::whole(), row);
    EXPECT_EQ(shown(row, column), c.cell);
    EXPECT_EQ(row.extra, c.kept ? "{\"" + std::string(column) + "\":" + std::string(c.value) + "}" : "");
    expect_inverse(row);
  }
}

TEST(Convert, UtcTimes) {
  check("event_time", {
                          {R"("2024-01-01 12:00:00.123")", "2024-01-01 12:00:00.123", false},
                          {R"("2024-01-01 12:00:00")", "2024-01-01 12:00:00", false},
                          {R"("2024-01-01 12:00:00.000")", "2024-01-01 12:00:00", true},
                          {R"("2024-01-01 12:00:00.120")", "2024-01-01 12:00:00.120", false},
                          {R"("2024-01-01 12:00:00.12")", "2024-01-01 12:00:00.120", true},
                          {R"("2024-01-01 12:00:00.123456")", "2024-01-01 12:00:00.123456", false},
                          {R"("2024-01-01 12:00:00.123000")", "2024-01-01 12:00:00.123", true},
                          {R"("2024-01-01 12:00:00.123456789")", "2024-01-01 12:00:00.123456", true},
                          {R"("2024-01-01T12:00:00.123Z")", "2024-01-01 12:00:00.123", true},
                          {R"("2025-03-03 06:18:05.613+0530")", "2025-03-03 00:48:05.613", true},
                          {R"("2025-03-03 06:18:05.613+0000")", "2025-03-03 06:18:05.613", true},
                          {R"("2025-03-03 01:00:00-08:00")", "2025-03-03 09:00:00", true},
                          {R"("2024-01-01")", "2024-01-01 00:00:00", true},
                          {R"(" 2024-01-01 12:00:00 ")", "2024-01-01 12:00:00", true},
                          {R"(1704110400)", "2024-01-01 12:00:00", true},
                          {R"("1704110400123")", "2024-01-01 12:00:00.123", true},
                          {R"("2023-02-29 00:00:00")", "null", true},
                          {R"("2024-06-30 23:59:60")", "null", true},
                          {R"("0000-00-00 00:00:00")", "null", true},
                          {R"("0000-01-01 00:00:00")", "null", true},
                          {R"("0001-01-01 00:00:00+2359")", "null", true},
                          {R"("9999-12-31 23:59:59.999-0100")", "null", true},
                          {R"("yesterday")", "null", true},
                          {R"("")", "null", true},
                          {R"(" ")", "null", true},
                          {R"(null)", "null", true},
                          {R"(true)", "null", true},
                          {R"({})", "null", true},
                      });
}

TEST(Convert, TimesInTheAppsZoneKeepTheirDigits) {
  check("install_time_selected_timezone", {
                                              {R"("2025-03-03 06:18:05.613+0530")", "2025-03-03 06:18:05.613", true},
                                              {R"("2025-03-03 06:18:05+0530")", "2025-03-03 06:18:05", true},
                                              {R"("2025-03-03 06:18:05.000-0800")", "2025-03-03 06:18:05", true},
                                              {R"("2025-03-03T06:18:05.613+0530")", "2025-03-03 06:18:05.613", true},
                                              {R"("2025-03-03 06:18:05.613")", "2025-03-03 06:18:05.613", false},
                                              {R"("9999-12-31 23:59:59.999-0100")", "9999-12-31 23:59:59.999", true},
                                          });
}

TEST(Convert, TimesHaveTheirNumber) {
  Row row;
  for (const std::string_view value : {R"("2025-03-03 06:18:05.613+0530")", R"("1969-12-31 23:59:59.5")",
                                       R"("2024-02-29 00:00:00.000001")", R"("0001-01-01 00:00:00")"}) {
    for (const std::string_view column : {"event_time", "event_time_selected_timezone"}) {
      encode(event_of(column, value), TableShape::whole(), row);
      const Cell& cell = cell_of(row, column);
      ASSERT_FALSE(cell.null);
      EXPECT_EQ(base::sql_timestamp(base::WallTime(std::chrono::microseconds(cell.number))), cell.text);
    }
  }
}

TEST(Convert, Booleans) {
  check("wifi", {
                    {"true", "1", false},       {"false", "0", false},
                    {R"("true")", "1", true},   {R"("false")", "0", true},
                    {R"("TRUE")", "1", true},   {R"("False")", "0", true},
                    {"1", "1", true},           {"0", "0", true},
                    {R"("1")", "1", true},      {R"("0")", "0", true},
                    {R"("yes")", "1", true},    {R"("No")", "0", true},
                    {R"(" true ")", "1", true}, {R"("none")", "null", true},
                    {R"("")", "null", true},    {"null", "null", true},
                    {"2", "null", true},        {"1.0", "null", true},
                    {"[]", "null", true},       {R"("truth")", "null", true},
                });
}

TEST(Convert, StoreReinstallUsuallyIsText) {
  check("store_reinstall", {
                               {R"("true")", "1", false},
                               {R"("false")", "0", false},
                               {R"("True")", "1", true},
                               {"true", "1", true},
                               {"false", "0", true},
                           });
}

TEST(Convert, RevenueUsuallyIsText) {
  check("event_revenue", {
                             {R"("12.5")", "12.5", false},
                             {R"("0.0015")", "0.0015", false},
                             {R"("-9.99")", "-9.99", false},
                             {R"("0")", "0", false},
                             {R"("12.50")", "12.5", true},
                             {R"("-0")", "0", true},
                             {R"("007")", "7", true},
                             {R"(".5")", "0.5", true},
                             {R"("1e3")", "1000", true},
                             {R"(" 7 ")", "7", true},
                             {"12.5", "12.5", true},
                             {R"("1,234.5")", "null", true},
                             {R"("N/A")", "null", true},
                             {R"("None")", "null", true},
                             {R"("")", "null", true},
                             {"null", "null", true},
                             {"true", "null", true},
                         });
}

TEST(Convert, OtherDecimalsUsuallyAreNumbers) {
  check("event_revenue_usd", {
                                 {"12.5", "12.5", false},
                                 {"12.50", "12.5", false},
                                 {"1.25e1", "12.5", false},
                                 {"-0", "0", false},
                                 {"0.000000000001", "0.000000000001", false},
                                 {"0.0000000000015", "0.000000000002", true},
                                 {"0.0000000000005", "0", true},
                                 {R"("12.5")", "12.5", true},
                                 {R"("9.99 USD")", "null", true},
                                 {"1e30", "null", true},
                             });
  Row row;
  encode(event_of("event_revenue_usd", "1234567890123456789.5"), TableShape::whole(), row);
  EXPECT_EQ(shown(row, "event_revenue_usd"), "1234567890123456789.5") << "never through a double";
  EXPECT_EQ(row.extra, "");
}

TEST(Convert, Integers) {
  check("impressions", {
                           {"5", "5", false},
                           {"5.0", "5", false},
                           {"5e0", "5", false},
                           {"-3", "-3", false},
                           {"9223372036854775807", "9223372036854775807", false},
                           {"-9223372036854775808", "-9223372036854775808", false},
                           {R"("5")", "5", true},
                           {"5.5", "6", true},
                           {R"("x")", "null", true},
                           {"true", "null", true},
                       });
  check("skad_conversion_value", {
                                     {"2147483647", "2147483647", false},
                                     {"-2147483648", "-2147483648", false},
                                     {"2147483648", "null", true},
                                     {"63", "63", false},
                                     {"null", "null", true},
                                 });
}

TEST(Convert, Texts) {
  check("dma", {
                   {R"("501")", "501", false},
                   {R"("None")", "None", false},
                   {R"("")", "", false},
                   {R"(" ")", " ", false},
                   {R"("\u0041\n\"\\")", "A\n\"\\", false},
                   {R"("\ud83d\ude00")", "😀", false},
                   {"501", "501", true},
                   {"1.50", "1.50", true},
                   {"true", "true", true},
                   {"null", "null", true},
                   {R"({"a":[1]})", R"({"a":[1]})", true},
               });
}

TEST(Convert, EventValue) {
  check("event_value", {
                           {R"("{}")", "{}", false},
                           {R"("{\"af_revenue\":\"9.99\"}")", R"({"af_revenue":"9.99"})", false},
                           {R"("{ \"a\" : 1.50 }")", "{ \"a\" : 1.50 }", false},
                           {R"("{\"u\":\"https:\\/\\/x.test\"}")", R"({"u":"https:\/\/x.test"})", false},
                           {R"("[1,2]")", "[1,2]", false},
                           {R"("12")", "12", false},
                           {R"("\"just a text\"")", "\"just a text\"", false},
                           {R"("{\"n\":12345678901234567890}")", R"({"n":12345678901234567890})", false},
                           {R"("\"{\\\"a\\\":1}\"")", R"({"a":1})", true},
                           {R"({"a":9.99})", R"({"a":9.99})", true},
                           {R"([])", "[]", true},
                           {R"("{\"a\":\"cut o")", R"("{\"a\":\"cut o")", true},
                           {R"("plain words")", R"("plain words")", true},
                           {R"("{\"z\":\"\\u0000\"}")", R"("{\"z\":\"\\u0000\"}")", true},
                           {R"("{\"z\":\"\\ud800\"}")", R"("{\"z\":\"\\ud800\"}")", true},
                           {R"("")", "null", true},
                           {R"(" ")", "null", true},
                           {"null", "null", true},
                           {"7", "7", true},
                       });
}

}  // namespace
}  // namespace twinshift::event
