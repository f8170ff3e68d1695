#include "event/row_testing.hpp"

namespace twinshift::event {
namespace {

constexpr std::string_view kMark = "\xEF\xBF\xBD";

Row encoded(std::string json, const TableShape& shape = TableShape::whole()) {
  Row row;
  encode(event_of(std::move(json)), shape, row);
  expect_inverse(row);
  return row;
}

TableShape shape_with(std::string_view column, std::int32_t width) {
  TableShape shape = TableShape::whole();
  shape.widths[static_cast<std::size_t>(find_column(column))] = width;
  return shape;
}

TEST(Row, KnownFieldsStandInTheirColumnsAlone) {
  const Row row = encoded(R"({"event_name":"install","wifi":true,"event_revenue_usd":9.99})");
  EXPECT_EQ(shown(row, "event_name"), "install");
  EXPECT_EQ(shown(row, "wifi"), "1");
  EXPECT_EQ(shown(row, "event_revenue_usd"), "9.99");
  EXPECT_EQ(shown(row, "app_id"), "null");
  EXPECT_EQ(row.extra, "");
}

TEST(Row, PlainTextsAreNotCopied) {
  const Row row = encoded(R"({"event_name":"install","event_time":"2024-01-01 12:00:00.123","event_revenue":"1.5"})");
  const std::string& json = row.event->json;
  for (const std::string_view name : {"event_name", "event_time", "event_revenue"}) {
    const char* text = cell_of(row, name).text.data();
    EXPECT_TRUE(text >= json.data() && text < json.data() + json.size()) << name;
  }
  EXPECT_TRUE(row.arena.empty());
}

TEST(Row, UnknownFieldsGoToExtra) {
  EXPECT_EQ(encoded(R"({"new_field":{"a":[1,2]},"quote\"d":null,"Event_Name":"x"})").extra,
            R"({"new_field":{"a":[1,2]},"quote\"d":null,"Event_Name":"x"})");
}

TEST(Row, OurOwnNamesGoToExtra) {
  for (const Column& own : own_columns()) {
    const std::string json = "{\"" + std::string(own.name) + "\":\"2024-01-01 12:00:00\"}";
    EXPECT_EQ(encoded(json).extra, json);
  }
}

TEST(Row, EmptyEvent) {
  const Row row = encoded("{}");
  EXPECT_EQ(row.extra, "");
  EXPECT_EQ(row.cells.size(), catalogue().size());
  EXPECT_EQ(*decode(row.cells, row.extra), "{}");
}

TEST(Row, AColumnThatTheTableLacksGoesToExtra) {
  const Row row = encoded(R"({"event_name":"install","app_id":"x"})", shape_with("event_name", TableShape::kAbsent));
  EXPECT_EQ(row.extra, R"({"event_name":"install"})");
  EXPECT_EQ(shown(row, "event_name"), "null");
  EXPECT_EQ(shown(row, "app_id"), "x");
}

TEST(Row, TextsAreCutBetweenCharacters) {
  const Row row = encoded(R"({"event_name":"東京タワー"})", shape_with("event_name", 8));
  EXPECT_EQ(shown(row, "event_name"), "東京");
  EXPECT_EQ(row.extra, R"({"event_name":"東京タワー"})");
  EXPECT_EQ(encoded(R"({"event_name":"東京"})", shape_with("event_name", 6)).extra, "");
}

TEST(Row, ValuesThatDoNotFitAreCounted) {
  EXPECT_EQ(encoded(R"({"event_name":"too long for it","app_id":7})", shape_with("event_name", 8)).displaced, 1U);
  EXPECT_EQ(encoded(R"({"event_revenue_usd":"no number"})", TableShape{}).displaced, 1U);
  EXPECT_EQ(encoded(R"({"event_value":"{\"a\":1}"})", shape_with("event_value", 6)).displaced, 1U);
  // Another spelling, no value, no such column: nothing that a wider column would mend.
  EXPECT_EQ(encoded(R"({"event_name":7,"campaign":null,"mine":1})", TableShape{}).displaced, 0U);
}

TEST(Row, JsonIsNeverCut) {
  const Row row = encoded(R"({"event_value":"{\"a\":1}"})", shape_with("event_value", 6));
  EXPECT_EQ(shown(row, "event_value"), "null");
  EXPECT_EQ(row.extra, R"({"event_value":"{\"a\":1}"})");
}

TEST(Row, NarrowDecimalsRound) {
  TableShape shape = shape_with("event_revenue_usd", 18);
  for (const Column& column : catalogue()) shape.scales.push_back(column.scale);
  shape.scales[static_cast<std::size_t>(find_column("event_revenue_usd"))] = 6;
  const Row row = encoded(R"({"event_revenue_usd":0.0000015})", shape);
  EXPECT_EQ(shown(row, "event_revenue_usd"), "0.000002");
  EXPECT_EQ(row.extra, R"({"event_revenue_usd":0.0000015})");
  EXPECT_EQ(shown(encoded(R"({"event_revenue_usd":1234567890123})", shape), "event_revenue_usd"), "null");
}

TEST(Row, AnEmptyShapeIsTheWholeCatalogue) {
  const Row row = encoded(R"({"event_name":"install"})", TableShape{});
  EXPECT_EQ(shown(row, "event_name"), "install");
}

TEST(Row, EventsWithOddTextsAreKeptWhole) {
  const Row row = encoded(R"({"event_name":"a\u0000b","campaign":"x\ud800","city":"Rome"})");
  EXPECT_EQ(shown(row, "event_name"), "a" + std::string(kMark) + "b");
  EXPECT_EQ(shown(row, "campaign"), "x" + std::string(kMark));
  EXPECT_EQ(shown(row, "city"), "Rome");
  EXPECT_EQ(row.extra, R"({"$event":"{\"event_name\":\"a\\u0000b\",\"campaign\":\"x\\ud800\",\"city\":\"Rome\"}"})");
  EXPECT_EQ(*decode(row.cells, row.extra), row.event->json);
}

TEST(Row, OfEqualKeysTheLastIsTyped) {
  const Row row = encoded(R"({"event_name":"first","event_name":"last"})");
  EXPECT_EQ(shown(row, "event_name"), "last");
  EXPECT_EQ(row.extra, R"({"$event":"{\"event_name\":\"first\",\"event_name\":\"last\"}"})");
  EXPECT_EQ(shown(encoded(R"({"event_name":"first","event_name":null})"), "event_name"), "null");
}

TEST(Row, NumbersThatADoubleChangesAreKeptAsText) {
  const Row row = encoded(R"({"unknown":9007199254740993,"other":1})");
  EXPECT_EQ(row.extra, R"({"other":1,"$event":"{\"unknown\":9007199254740993,\"other\":1}"})");
  const Row nested = encoded(R"({"unknown":{"n":[1e999]}})");
  EXPECT_EQ(nested.extra, R"({"$event":"{\"unknown\":{\"n\":[1e999]}}"})");
  const Row id = encoded(R"({"af_c_id":23845678901234567})");
  EXPECT_EQ(shown(id, "af_c_id"), "23845678901234567");
}

TEST(Row, DollarNamesAreReserved) {
  for (const std::string_view name : {"$event", "$", "$ref"}) {
    const std::string json = "{\"" + std::string(name) + "\":\"{}\"}";
    const Row row = encoded(json);
    EXPECT_EQ(row.extra.find(R"({"$event":"{\")"), 0U) << row.extra;
    EXPECT_EQ(*decode(row.cells, row.extra), json);
  }
}

TEST(Row, DeepEventsAreKeptWhole) {
  const std::string json = R"({"deep":)" + std::string(10'000, '[') + std::string(10'000, ']') + "}";
  const Row row = encoded(json);
  EXPECT_EQ(*decode(row.cells, row.extra), json);
}

TEST(Row, MemoryIsUsedAgain) {
  Row row;
  const EventPtr small = event_of(R"({"event_time":"2024-01-01T12:00:00.5Z"})");
  const EventPtr large = event_of(R"({"event_value":")" + std::string(5000, 'x') + R"("})");
  encode(small, TableShape::whole(), row);
  const char* first = cell_of(row, "event_time").text.data();
  encode(large, TableShape::whole(), row);
  EXPECT_GE(row.arena.size(), 2U);
  expect_inverse(row);
  encode(small, TableShape::whole(), row);
  EXPECT_EQ(row.arena.size(), 1U);
  EXPECT_EQ(cell_of(row, "event_time").text.data(), first);
  EXPECT_EQ(row.extra, small->json);
  expect_inverse(row);
}

TEST(Row, AMovedFromRowCanBeFilledAgain) {
  Row row = encoded(R"({"event_time":"2024-01-01T12:00:00.5Z"})");
  const Row other = std::move(row);
  encode(event_of(R"({"event_time":"2025-01-01T12:00:00.5Z"})"), TableShape::whole(), row);
  EXPECT_EQ(shown(row, "event_time"), "2025-01-01 12:00:00.500");
  EXPECT_EQ(shown(other, "event_time"), "2024-01-01 12:00:00.500");
}

// ---- decode

class DecodeRow : public testing::Test {
 protected:
  Cell& cell(std::string_view name) { return cells_[static_cast<std::size_t>(find_column(name))]; }
  std::string decoded(std::string_view extra = {}) {
    const base::Result<std::string> json = decode(cells_, extra);
    return json ? *json : json.error().text();
  }
  std::vector<Cell> cells_ = std::vector<Cell>(catalogue().size());
};

TEST_F(DecodeRow, SpellsEachTypeAsItUsuallyComes) {
  cell("event_name") = {false, 0, "a\"b"};
  cell("event_time") = {false, 1'704'110'400'123'000, "2024-01-01 12:00:00.123"};
  cell("wifi") = {false, 1, {}};
  cell("store_reinstall") = {false, 0, {}};
  cell("event_value") = {false, 0, R"({"a":1})"};
  cell("event_revenue") = {false, 0, "12.5"};
  cell("event_revenue_usd") = {false, 0, "12.5"};
  cell("impressions") = {false, -7, {}};
  EXPECT_EQ(decoded(), R"({"event_name":"a\"b","event_time":"2024-01-01 12:00:00.123","wifi":true,)"
                       R"("store_reinstall":"false","event_value":"{\"a\":1}","event_revenue":"12.5",)"
                       R"("event_revenue_usd":12.5,"impressions":-7})");
}

TEST_F(DecodeRow, BringsDatabasesSpellingsToNormalForm) {
  cell("event_time") = {false, 0, "2024-01-01 12:00:00.12"};
  cell("install_time") = {false, 1'704'110'400'000'000, {}};
  cell("event_revenue") = {false, 0, "12.500000000000"};
  EXPECT_EQ(decoded(), R"({"event_time":"2024-01-01 12:00:00.120","install_time":"2024-01-01 12:00:00",)"
                       R"("event_revenue":"12.5"})");
}

TEST_F(DecodeRow, ExtraWinsOverTheColumn) {
  cell("event_name") = {false, 0, "cut"};
  cell("app_id") = {false, 0, "x"};
  EXPECT_EQ(decoded(R"({ "event_name" : "cut off", "idfa": null })"),
            R"({"event_name":"cut off","idfa":null,"app_id":"x"})");
}

TEST_F(DecodeRow, TheWholeEventWinsOverAll) {
  cell("event_name") = {false, 0, "cut"};
  EXPECT_EQ(decoded(R"({"city":"x","$event":"{\"event_name\":1e999}"})"), R"({"event_name":1e999})");
}

TEST_F(DecodeRow, DamagedExtraIsAnError) {
  for (const std::string_view extra : {"[]", "null", "{", "x", R"({"a":1}})"}) {
    const base::Result<std::string> json = decode(cells_, extra);
    ASSERT_FALSE(json) << extra;
    EXPECT_EQ(json.error().kind, base::ErrorKind::corrupt);
  }
  const base::Result<std::string> short_row = decode(std::span(cells_).first(3), "");
  ASSERT_FALSE(short_row);
  EXPECT_EQ(short_row.error().kind, base::ErrorKind::invalid);
}

}  // namespace
}  // namespace twinshift::event
