#include "warehouse/schema/write_text.hpp"

#include <algorithm>
#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "warehouse/schema/real_testing.hpp"

namespace twinshift::warehouse {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

const std::array<WriteColumn, 2> kColumns = {
    WriteColumn{.name = "event_id", .catalogue_index = -1, .stored = Stored::text, .type = event::ColumnType::text},
    WriteColumn{.name = "extra", .catalogue_index = -1, .stored = Stored::super, .type = event::ColumnType::json}};

base::WallTime second(int s) {
  return base::WallTime{std::chrono::seconds(s)};
}

TEST(Literal, QuotesAreDoubled) {
  for (const Dialect dialect : {Dialect::postgres, Dialect::redshift}) {
    EXPECT_EQ(literal(dialect, ""), "''");
    EXPECT_EQ(literal(dialect, "it's"), "'it''s'");
    EXPECT_EQ(literal(dialect, "'; DROP TABLE t; --"), "'''; DROP TABLE t; --'");
    EXPECT_EQ(literal(dialect, "\xC3\xA9\n\t"), "'\xC3\xA9\n\t'");
  }
}

TEST(Literal, ABackslashIsAnEscapeInRedshiftAlone) {
  EXPECT_EQ(literal(Dialect::postgres, R"(\)"), R"('\')");
  EXPECT_EQ(literal(Dialect::redshift, R"(\)"), R"('\\')");
  // The quote that would end the literal early where the backslash escapes it.
  EXPECT_EQ(literal(Dialect::redshift, R"(\'; SELECT 1)"), R"('\\''; SELECT 1')");
  EXPECT_EQ(literal(Dialect::postgres, R"(\'; SELECT 1)"), R"('\''; SELECT 1')");
}

TEST(WriteText, MarkersOfABatch) {
  const MarkerOrigin origin{.table = "t", .instance = "o'hara", .batch_id = "b\\1", .written_at = second(60)};
  std::vector<MarkerRow> rows(2);
  rows[0] = {.window_at = second(0),
             .arrival_at = second(3600),
             .sent = 3,
             .inserted = 2,
             .duplicate = 1,
             .key_low_sum = 7,
             .key_high_sum = 8};
  const std::string sql = insert_markers_sql(Dialect::redshift, kTable, origin, rows);
  EXPECT_THAT(sql, HasSubstr(R"(INSERT INTO "s"."twinshift_loads")"));
  EXPECT_THAT(sql, HasSubstr("('t','o''hara','b\\\\1','1970-01-01 00:00:00','1970-01-01 01:00:00',3,2,1,7,8,"
                             "'1970-01-01 00:01:00'),("));
  EXPECT_EQ(std::ranges::count(sql, '('), 3);
  EXPECT_THAT(find_marker_sql(Dialect::postgres, kTable, "b'1"), EndsWith("batch_id = 'b''1' AND table_name = 't'"));
}

TEST(WriteText, ABatchsLockIsItsOwn) {
  EXPECT_EQ(batch_lock_sql("a"), batch_lock_sql("a"));
  EXPECT_NE(batch_lock_sql("a"), batch_lock_sql("b"));
  // Negative numbers, too, are whole numbers to SQL.
  EXPECT_THAT(batch_lock_sql("x"), ::testing::MatchesRegex("SELECT pg_advisory_xact_lock\\(-?[0-9]+\\)"));
}

TEST(WriteText, ConflictsOnTheIdAloneAreDuplicates) {
  const std::string sql = insert_from_copy_stage_sql(kTable, kColumns);
  EXPECT_THAT(sql, HasSubstr("ON CONFLICT (event_id) DO NOTHING"));
  EXPECT_THAT(sql, HasSubstr(R"("event_id","extra")"));
  EXPECT_THAT(copy_sql(kTable, kColumns), HasSubstr(R"(COPY "s"."t" ("event_id","extra") FROM STDIN)"));
}

TEST(WriteText, DuplicatesAreLookedForInTheirRanges) {
  const std::array<TimeRange, 2> ranges = {TimeRange{second(0), second(1)}, TimeRange{second(7200), second(7200)}};
  const std::string sql = find_duplicates_sql(kTable, ranges, false);
  EXPECT_THAT(sql, HasSubstr("t.event_id = s.event_id AND (t.event_at BETWEEN '1970-01-01 00:00:00' AND '1970-01-01 "
                             "00:00:01' OR t.event_at BETWEEN '1970-01-01 02:00:00' AND '1970-01-01 02:00:00')"));
}

TEST(WriteText, RedshiftInsertsWhatIsNotThere) {
  const std::array<std::uint32_t, 2> duplicates = {1, 5};
  const std::string some = insert_from_stage_sql(kTable, kColumns, duplicates);
  EXPECT_THAT(some, HasSubstr(R"(SELECT s."event_id",JSON_PARSE(s."extra") FROM)"));
  EXPECT_THAT(some, EndsWith("NOT IN (1,5)"));
  EXPECT_THAT(insert_from_stage_sql(kTable, kColumns, {}), Not(HasSubstr("NOT IN")));
  EXPECT_THAT(insert_parts_sql(kTable, duplicates), EndsWith("NOT IN (1,5)"));
  EXPECT_EQ(lock_writer_sql(kTable), R"(LOCK "s"."twinshift_writer")");
}

TEST(WriteText, StagesHaveTheTablesTypes) {
  const auto statements = create_stages_sql(made_table(Dialect::redshift), kColumns);
  ASSERT_EQ(statements.size(), 2U);
  EXPECT_THAT(statements[0], HasSubstr(R"("event_id" VARCHAR(32))"));
  EXPECT_THAT(statements[0], HasSubstr(R"("extra" VARCHAR(65535))"));  // parsed on its way into the table
  EXPECT_THAT(statements[0], EndsWith("DISTKEY (event_id)"));
}

TEST(WriteText, AStageOfLiteralsKnowsItsPlaces) {
  EXPECT_THAT(create_literal_stage_sql(made_table(Dialect::redshift), kColumns),
              HasSubstr("twinshift_pos INTEGER,\n  twinshift_place INTEGER,\n  \"event_id\" VARCHAR(32)"));
  EXPECT_EQ(literal_stage_head(kColumns),
            R"(INSERT INTO twinshift_stage (twinshift_pos,twinshift_place,"event_id","extra") VALUES )");
  EXPECT_EQ(append_to_stage_head() + "x" + append_to_stage_tail(7),
            "UPDATE twinshift_stage SET x WHERE twinshift_pos = 7");
}

TEST(WriteText, StagedDuplicatesGoByTheirRanges) {
  const std::array<TimeRange, 1> ranges = {TimeRange{second(0), second(1)}};
  EXPECT_EQ(delete_staged_duplicates_sql(kTable, ranges, false),
            R"(DELETE FROM twinshift_stage WHERE event_id IN (SELECT t.event_id FROM "s"."t" t WHERE )"
            "t.event_at BETWEEN '1970-01-01 00:00:00' AND '1970-01-01 00:00:01')");
  EXPECT_THAT(insert_staged_parts_sql(kTable),
              EndsWith("p.twinshift_pos IN (SELECT twinshift_pos FROM twinshift_stage)"));
}

TEST(WriteText, MarkersAreCountedByTheServer) {
  const MarkerOrigin origin{.table = "t", .instance = "o'hara", .batch_id = "b1", .written_at = second(60)};
  const std::array<MarkerPlace, 2> places = {
      MarkerPlace{.number = 4, .window_at = second(0), .arrival_at = second(3600), .sent = 3, .refused = 1},
      MarkerPlace{.number = 9, .window_at = second(0), .arrival_at = second(7200), .sent = 1, .refused = 0}};
  const std::string sql = insert_counted_markers_sql(kTable, origin, places);
  EXPECT_THAT(sql, HasSubstr("SELECT 't', 'o''hara', 'b1',"));
  EXPECT_THAT(sql, HasSubstr("SELECT 4 AS place, '1970-01-01 00:00:00' AS window_at, '1970-01-01 01:00:00' AS "
                             "arrival_at, 3 AS sent, 1 AS refused UNION ALL SELECT 9 AS place"));
  EXPECT_THAT(sql, HasSubstr("event_key % 2147483648"));
  EXPECT_THAT(sql, HasSubstr("event_key / 2147483648"));
}

TEST(WriteText, ParametersAreNumberedThrough) {
  EXPECT_THAT(insert_to_stage_sql(kColumns, 2), EndsWith("VALUES ($1,$2,$3),($4,$5,$6)"));
  EXPECT_THAT(insert_to_parts_stage_sql(1), EndsWith("VALUES ($1,$2,$3,$4,$5)"));
}

}  // namespace
}  // namespace twinshift::warehouse
