#include "app/quarantine_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace twinshift::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

quarantine::Record record_of(std::vector<quarantine::Arrival> further) {
  quarantine::Record record;
  record.id = 7;
  record.target = "secondary";
  record.message_id = "m0";
  record.received_at = base::WallTime(std::chrono::hours(473'364));
  record.further_arrivals = std::move(further);
  record.json = "{\"a\":\n1}";
  record.tries = 3;
  return record;
}

TEST(QuarantineText, CountsTheMessagesOfARecord) {
  const auto two = record_of({{base::WallTime(std::chrono::hours(473'365)), "m1"}});
  const auto table = records_as_table({record_of({}), two});
  const auto at = std::ranges::find(table.columns, "messages") - table.columns.begin();
  ASSERT_LT(at, std::ssize(table.columns));
  EXPECT_EQ(table.rows[0][static_cast<std::size_t>(at)], "1");
  EXPECT_EQ(table.rows[1][static_cast<std::size_t>(at)], "2");
  ASSERT_EQ(table.rows[1].size(), table.columns.size());
  EXPECT_THAT(record_as_json(two, false), HasSubstr(R"("tries":3,"messages":2,)"));
  EXPECT_THAT(record_as_json(two, false), Not(HasSubstr("arrivals")));
}

TEST(QuarantineText, TellsTheirIdsAndTimes) {
  const auto two = record_of({{base::WallTime(std::chrono::hours(473'365)), "m1"}});
  EXPECT_THAT(record_as_json(two, true),
              HasSubstr(R"("arrivals":[{"messageId":"m0","receivedAt":"2024-01-01T12:00:00.000Z"},)"
                        R"({"messageId":"m1","receivedAt":"2024-01-01T13:00:00.000Z"}],"event":{"a": 1}})"));
}

}  // namespace
}  // namespace twinshift::app
