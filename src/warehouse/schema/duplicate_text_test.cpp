#include "warehouse/schema/duplicate_text.hpp"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "warehouse/schema/ddl.hpp"
#include "warehouse/schema/real_testing.hpp"

namespace twinshift::warehouse {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr base::WallTime kArrival{std::chrono::hours(480'000)};  // 2024-10-04 00:00:00
const MarkerOrigin kOrigin{.table = "t", .instance = "o'hara", .batch_id = "b1", .written_at = kArrival};

event::EventPtr event_of(int number, std::chrono::microseconds after) {
  return *event::decode_event(R"({"event_time":"2024-01-01 12:00:00","n":)" + std::to_string(number) + "}", "m",
                              kArrival + after);
}

TEST(DuplicateText, PostgresComparesToTheMicrosecond) {
  const auto one = event_of(1, std::chrono::microseconds(7));
  const auto two = event_of(2, std::chrono::milliseconds(500));
  const std::array<const event::Event*, 2> events = {one.get(), two.get()};
  const std::string sql = insert_duplicates_sql(kTable, kOrigin, Stored::timestamp, events);
  EXPECT_THAT(sql, StartsWith(R"(INSERT INTO "s"."twinshift_duplicates" (table_name, instance, batch_id, event_key, )"
                              "received_at, written_at) SELECT 't', 'o''hara', 'b1', d.event_key, d.received_at, "));
  EXPECT_THAT(sql, HasSubstr("('" + one->id.hex() + "'," + std::to_string(one->key) +
                             "::bigint,'2024-10-04 00:00:00.000007'::timestamp),('" + two->id.hex()));
  EXPECT_THAT(sql, EndsWith(R"(JOIN "s"."t" t ON t.event_id = d.event_id WHERE t.received_at IS DISTINCT FROM )"
                            "d.received_at"));
}

// The session's own zone, whatever it is, must not come in.
TEST(DuplicateText, ArrivalsWithAZoneAreReadAsUtc) {
  const auto one = event_of(1, std::chrono::microseconds(7));
  const std::array<const event::Event*, 1> events = {one.get()};
  EXPECT_THAT(insert_duplicates_sql(kTable, kOrigin, Stored::timestamptz, events),
              EndsWith("WHERE (t.received_at AT TIME ZONE 'UTC') IS DISTINCT FROM d.received_at"));
  const std::array<TimeRange, 1> ranges = {TimeRange{kArrival, kArrival}};
  EXPECT_THAT(insert_staged_duplicates_sql(kTable, kOrigin, Stored::timestamptz, ranges, false),
              HasSubstr("s.event_key, (s.received_at AT TIME ZONE 'UTC'), CAST"));
  const std::array<StagedDouble, 1> doubles = {StagedDouble{3, one.get()}};
  EXPECT_THAT(stage_doubles_sql(Stored::timestamptz, doubles), EndsWith("'2024-10-04 00:00:00.000007+00')"));
}

TEST(DuplicateText, RedshiftComparesWhatIsStaged) {
  const std::array<TimeRange, 1> ranges = {TimeRange{kArrival, kArrival}};
  EXPECT_THAT(insert_staged_duplicates_sql(kTable, kOrigin, Stored::timestamp, ranges, false),
              EndsWith(R"(FROM twinshift_stage s JOIN "s"."t" t ON t.event_id = s.event_id AND (t.event_at BETWEEN )"
                       "'2024-10-04 00:00:00' AND '2024-10-04 00:00:00') WHERE t.received_at IS NULL OR "
                       "t.received_at <> s.received_at"));
}

TEST(DuplicateText, AFullStatementOfDoublesFitsIntoTheDataApis) {
  const auto one = event_of(1, std::chrono::microseconds(7));
  const std::vector<StagedDouble> doubles(kStageDoublesMax, StagedDouble{4'000'000'000U, one.get()});
  EXPECT_LT(stage_doubles_sql(Stored::timestamptz, doubles).size(), 102'400U);
}

TEST(DuplicateText, AStepOfPruningIsBoundedAndItsOwnTablesAlone) {
  const TableName odd{"s", "it's"};
  // "Older than 91 days before that": abandoned.
  EXPECT_EQ(prune_loads_sql(Dialect::postgres, odd, {"o'hara", kArrival}),
            R"(DELETE FROM "s"."twinshift_loads" WHERE ctid = ANY (ARRAY(SELECT ctid FROM "s"."twinshift_loads" WHERE )"
            "arrival_at < '2024-10-04 00:00:00' AND table_name = 'it''s' AND written_at < '2024-10-04 00:00:00' AND "
            "(instance = 'o''hara' OR written_at < '2024-07-05 00:00:00') LIMIT 5000))");
  const std::string ours =
      "table_name = 'it''s' AND written_at < '2024-10-04 00:00:00' AND (instance = 'o''hara' OR written_at < "
      "'2024-07-05 00:00:00')";
  EXPECT_EQ(prune_duplicates_sql(Dialect::redshift, odd, {"o'hara", kArrival}),
            R"(DELETE FROM "s"."twinshift_duplicates" WHERE )" + ours + " AND written_at <= (SELECT MIN(written_at) " +
                R"(FROM "s"."twinshift_duplicates" WHERE )" + ours + ") + INTERVAL '24 hours'");
  EXPECT_THAT(
      prune_grant(kTable),
      StartsWith(R"(GRANT DELETE ON "s"."twinshift_loads", "s"."twinshift_duplicates", "s"."twinshift_owed" TO)"));
}

}  // namespace
}  // namespace twinshift::warehouse
