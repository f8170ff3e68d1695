#include "warehouse/schema/erased_text.hpp"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "warehouse/schema/duplicate_text.hpp"
#include "warehouse/schema/real_testing.hpp"

namespace twinshift::warehouse {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr base::WallTime kNoon{std::chrono::hours(480'012)};  // 2024-10-04 12:00:00
const std::string kId(32, '0');
const TableName kOdd{"s", "it's"};

std::vector<WriteColumn> columns_of(Stored times) {
  return {{.name = "event_at", .stored = times}, {.name = "received_at", .stored = times}};
}

TEST(ErasedText, NotesFirstAndRemovesThen) {
  const std::array<EventPlace, 1> places = {EventPlace{{}, kNoon}};
  const auto postgres = erase_sql(Dialect::postgres, kOdd, columns_of(Stored::timestamp), places, kNoon);
  ASSERT_EQ(postgres.size(), 3U);
  EXPECT_THAT(postgres[0], EndsWith("VALUES ('it''s','" + kId + "','2024-10-04 12:00:00',NULL,'2024-10-04 12:00:00')"));
  EXPECT_THAT(postgres[1], AllOf(HasSubstr(R"(, event_id, event_at, received_at, CAST(')"),
                                 HasSubstr(R"(FROM "s"."it's" WHERE (event_at BETWEEN '2024-10-04 11:59:59')")));
  EXPECT_THAT(postgres[2], StartsWith(R"(DELETE FROM "s"."it's" WHERE (event_at BETWEEN)"));
  const auto redshift = erase_sql(Dialect::redshift, kOdd, columns_of(Stored::timestamptz), places, kNoon);
  ASSERT_EQ(redshift.size(), 4U);
  EXPECT_THAT(redshift[1], HasSubstr("(event_at AT TIME ZONE 'UTC'), (received_at AT TIME ZONE 'UTC')"));
  EXPECT_THAT(redshift[3], StartsWith(R"(DELETE FROM "s"."twinshift_parts" WHERE event_id IN ()"));
}

TEST(ErasedText, AFullStatementFitsIntoTheDataApis) {
  std::vector<EventPlace> places;
  for (std::size_t i = 0; i < kRemovedMax; ++i) {
    places.push_back({{}, kNoon + std::chrono::hours(1'000 * i) + std::chrono::microseconds(1)});
  }
  const TableName longest{std::string(kNameBytesMax, 's'), std::string(kNameBytesMax, 't')};
  for (const std::string& sql : erase_sql(Dialect::redshift, longest, columns_of(Stored::timestamp), places, kNoon)) {
    EXPECT_LT(sql.size(), 102'400U);
  }
}

TEST(ErasedText, TheGrantNamesAllThatErasingNeeds) {
  EXPECT_EQ(erase_grant(Dialect::redshift, kTable),
            R"(GRANT SELECT, DELETE ON "s"."t", "s"."twinshift_parts" TO the user that we log in as; )"
            R"(GRANT SELECT, INSERT ON "s"."twinshift_erased" TO the user that we log in as)");
}

TEST(ErasedText, BatchesLeaveOutWhatIsErasedFromTheirOwnTable) {
  const std::string ours = R"((SELECT DISTINCT event_id FROM "s"."twinshift_erased" WHERE table_name = 't' AND )"
                           R"(event_id IN (SELECT event_id FROM twinshift_stage)) e)";
  const std::array<TimeRange, 1> ranges = {TimeRange{kNoon, kNoon}};
  EXPECT_THAT(find_duplicates_sql(kTable, ranges, true), EndsWith(ours + " ON e.event_id = s.event_id"));
  EXPECT_THAT(delete_staged_duplicates_sql(kTable, ranges, true),
              EndsWith("UNION ALL SELECT e.event_id FROM " + ours + ')'));
  const MarkerOrigin origin{"t", "i", "b1", kNoon};
  EXPECT_THAT(insert_staged_duplicates_sql(kTable, origin, Stored::timestamptz, ranges, true),
              AllOf(HasSubstr(ours), HasSubstr("r.received_at = (s.received_at AT TIME ZONE 'UTC')"),
                    EndsWith("WHERE r.event_id IS NULL")));
  EXPECT_THAT(insert_staged_duplicates_sql(kTable, origin, Stored::timestamp, ranges, false),
              Not(HasSubstr("twinshift_erased")));
}

TEST(ErasedText, PostgresAsksInTheStatementThatIsSentAnyway) {
  EXPECT_THAT(fingerprint_and_erased_sql(kTable), EndsWith(R"(, EXISTS (SELECT 1 FROM "s"."twinshift_erased"))"));
  const std::vector<event::EventPtr> events{*event::decode_event("{}", "m", kNoon)};
  EXPECT_THAT(find_erased_sql(kOdd, events),
              EndsWith("WHERE table_name = 'it''s' AND event_id = ANY ('{" + events[0]->id.hex() + "}'::text[])"));
}

}  // namespace
}  // namespace twinshift::warehouse
