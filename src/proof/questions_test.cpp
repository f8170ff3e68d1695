#include "proof/questions.hpp"

#include <gtest/gtest.h>

namespace twinshift::proof {
namespace {

using namespace std::chrono_literals;
using Cells = std::vector<std::optional<std::string>>;

constexpr base::WallTime kNoon{std::chrono::seconds(1'704'110'400)};
const Span kHour{kNoon, kNoon + 1h};
const std::vector<Span> kHours{kHour};

warehouse::Table answer(std::vector<Cells> rows) {
  warehouse::Table table;
  table.columns.resize(rows.empty() ? 0 : rows[0].size());
  table.rows = std::move(rows);
  return table;
}

TEST(Questions, AskWithinTheSortKeyAndEnumerateNoWindow) {
  EXPECT_EQ(windows_sql(Spelling::server, "\"t\"", kHours, 3600s),
            "SELECT CAST(FLOOR(DATE_PART('epoch', event_at) / 3600) AS BIGINT), COUNT(*), SUM(event_key & 2147483647), "
            "SUM((event_key >> 31) & 2147483647) FROM \"t\" WHERE event_at >= '2024-01-01 12:00:00' AND event_at < "
            "'2024-01-01 13:00:00' GROUP BY 1");
  EXPECT_EQ(parts_sql("\"t\"", {.spans = {kHour}, .key_bits = 6, .prefixes = {1, 63}}),
            "SELECT (COALESCE(event_key, 0) >> 50), COUNT(*), SUM(event_key & 2147483647), SUM((event_key >> 31) & "
            "2147483647) FROM "
            "\"t\" WHERE event_at >= '2024-01-01 12:00:00' AND event_at < '2024-01-01 13:00:00' AND "
            "(COALESCE(event_key, 0) >> 56) "
            "IN (1,63) GROUP BY 1");
}

TEST(Questions, WhatHoldsMuchOfASqliteTableIsReadInTheTablesOwnOrder) {
  const auto sql = windows_sql(Spelling::sqlite, "t", kHours, 3600s, Walk::whole_table);
  EXPECT_NE(sql.find(" FROM t NOT INDEXED WHERE event_at >= '2024-01-01 12:00:00'"), std::string::npos);
  const std::vector<Span> two{kHour, {kNoon + 2h, kNoon + 3h}};
  EXPECT_EQ(holds_much_sql("t", two),
            "SELECT 4 * ((SELECT COUNT(*) FROM t WHERE event_at >= '2024-01-01 12:00:00' AND event_at < '2024-01-01 "
            "13:00:00') + (SELECT COUNT(*) FROM t WHERE event_at >= '2024-01-01 14:00:00' AND event_at < '2024-01-01 "
            "15:00:00')) >= MAX(rowid) FROM t");
}

TEST(Questions, KnowAnIdFromWhatSomebodyHasPutThere) {
  EXPECT_TRUE(warehouse::is_event_id("0123456789abcdef0123456789abcdef"));
  EXPECT_FALSE(warehouse::is_event_id("0123456789ABCDEF0123456789ABCDEF"));
  EXPECT_FALSE(warehouse::is_event_id("0123456789abcdef0123456789abcde'"));
  EXPECT_FALSE(warehouse::is_event_id(""));
}

TEST(Questions, AKeyIsFoundByTheIdThatBeginsWithIt) {
  const Slice slice{.spans = {kHour}, .keys = {1}};
  EXPECT_NE(list_sql("t", slice).find("AND (event_id >= '000000000000000' AND event_id < '000000000000000g')"),
            std::string::npos);
  const Slice two{.spans = {kHour}, .keys = {0x3FFF'FFFF'FFFF'FFFF, 4}};
  EXPECT_NE(list_sql("t", two).find("(event_id >= 'fffffffffffffff' AND event_id < 'fffffffffffffffg' OR event_id >= "
                                    "'000000000000001' AND event_id < '000000000000001g')"),
            std::string::npos);
}

TEST(Questions, QuoteATablesNameInACatalogue) {
  EXPECT_NE(unique_sql("SQLite", {"", "o'clock"}).find("tbl_name = 'o''clock'"), std::string::npos);
  EXPECT_NE(unique_sql("PostgreSQL", {"s", "o'clock"}).find("'\"s\".\"o''clock\"'::regclass"), std::string::npos);
  EXPECT_EQ(unique_sql("Redshift", {"s", "t"}), "");
}

TEST(Questions, TheListOfErasedEventsStandsBesideTheTable) {
  const std::vector<Listed> asked{{.id = "a"}, {.id = "b"}};
  EXPECT_EQ(erased_sql("PostgreSQL", {"s", "o'cl\\ock"}, asked),
            "SELECT DISTINCT event_id FROM \"s\".\"twinshift_erased\" WHERE table_name = 'o''cl\\ock' AND event_id IN "
            "('a','b')");
  EXPECT_EQ(erased_sql("Redshift", {"", "o'cl\\ock"}, {}),
            "SELECT 1 FROM \"twinshift_erased\" WHERE table_name = 'o''cl\\\\ock' LIMIT 1");
}

TEST(Questions, ReadSumsAsEachServerSpellsThem) {
  const auto digests = read_digests(answer({{"473364", "2", "4294967294", "5.000"}, {"473365", "1", {}, {}}}));
  ASSERT_TRUE(digests);
  EXPECT_EQ(digests->at(473'364), (Digest{2, 4'294'967'294, 5}));
  EXPECT_EQ(digests->at(473'365), (Digest{1, 0, 0}));
}

TEST(Questions, RefuseAnAnswerThatIsCutOrNotUnderstood) {
  warehouse::Table cut = answer({{"1", "1", "1", "1"}});
  cut.cut = true;
  EXPECT_EQ(read_digests(cut).error().kind, base::ErrorKind::full);
  EXPECT_EQ(read_digests(answer({{"noon", "1", "1", "1"}})).error().kind, base::ErrorKind::internal);
  EXPECT_EQ(read_listed(answer({{"a", "1", "2024-01-01 12:00:00", {}, "many"}})).error().kind,
            base::ErrorKind::internal);
}

TEST(Questions, ATimeThatNoEventHasIsOutside) {
  const auto rows = read_listed(answer({{"a", "1", {}, {}, "1"},
                                        {"b", "1", "infinity", {}, "1"},
                                        {"c", "1", "1969-12-31 23:59:59", {}, "1"},
                                        {"d", "1", "2100-01-01 00:00:00", {}, "1"},
                                        {"e", "1", "2024-01-01 12:00:00", {}, "1"}}));
  ASSERT_TRUE(rows);
  for (const Listed& row : *rows) EXPECT_EQ(row.outside, row.id != "e") << row.id;
  const Slice outside{.outside = true};
  EXPECT_EQ(
      list_sql("t", outside),
      "SELECT event_id, MIN(event_key), MIN(event_at), MIN(received_at), COUNT(*) FROM t WHERE (event_at IS NULL AND "
      "event_id IS NOT NULL OR event_at < '1970-01-01 00:00:00' OR event_at >= '2100-01-01 00:00:00') GROUP BY "
      "event_id");
  EXPECT_EQ(without_id_sql("t"), "SELECT COUNT(*) FROM t WHERE event_at IS NULL AND event_id IS NULL");
}

TEST(Questions, AnExtentEndsBehindTheLastRow) {
  EXPECT_FALSE(*read_extent(answer({{{}, {}}})));
  const auto extent = read_extent(answer({{"2024-01-01 12:00:00", "2024-01-01 12:59:59.999999"}}));
  ASSERT_TRUE(extent);
  EXPECT_EQ(**extent, kHour);
}

TEST(Digests, WindowsAreCountedDownwards) {
  EXPECT_EQ(window_of(base::WallTime(0us), 3600s), 0);
  EXPECT_EQ(window_of(base::WallTime(-1us), 3600s), -1);
  EXPECT_EQ(window_of(kNoon, 3600s), 473'364);
  EXPECT_EQ(span_of(473'364, 3600s), kHour);
}

TEST(Digests, DifferWhereOneSideHasNothing) {
  EXPECT_EQ(differing({{1, {1, 2, 3}}, {2, {}}}, {{3, {1, 0, 0}}}), (std::vector<std::int64_t>{1, 3}));
}

}  // namespace
}  // namespace twinshift::proof
