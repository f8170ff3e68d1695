// decode(encode(event)) says the same as the event, for every event and every table.
#include <algorithm>
#include <cstdlib>

#include <gtest/gtest.h>

#include "event/canonical.hpp"
#include "event/json_check.hpp"
#include "event/row.hpp"
#include "event/text_repair.hpp"
#include "tests/support/hostile_events.hpp"

namespace twinshift::tests {
namespace {

using event::Cell;
using event::ColumnType;
using event::EventPtr;
using event::Row;
using event::TableShape;

// TWINSHIFT_PROPERTY_SEED and _RUNS try others; the defaults always try the same.
std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

std::uint64_t seed() {
  return setting("TWINSHIFT_PROPERTY_SEED", 1);
}
std::uint64_t runs() {
  return setting("TWINSHIFT_PROPERTY_RUNS", 3000);
}

EventPtr event_of(std::string json) {
  base::Result<EventPtr> decoded = event::decode_event(std::move(json), "m", {});
  if (!decoded) {
    ADD_FAILURE() << decoded.error().text();
    return nullptr;
  }
  return *decoded;
}

void expect_same(const EventPtr& sent, const Row& row) {
  const base::Result<std::string> back = event::decode(row.cells, row.extra);
  ASSERT_TRUE(back) << back.error().text();
  const EventPtr again = event_of(*back);
  ASSERT_TRUE(again) << *back;
  EXPECT_EQ(event::canonical_text(*back), event::canonical_text(sent->json)) << sent->json << "\nextra: " << row.extra;
  EXPECT_EQ(again->id.hex(), sent->id.hex()) << sent->json << "\nback: " << *back;
}

// What every driver may rely on.
void expect_cell_fits(const event::Column& column, std::int32_t width, const Cell& cell) {
  if (width == TableShape::kAbsent) {
    EXPECT_TRUE(cell.null) << column.name;
  }
  if (cell.null) return;
  EXPECT_TRUE(event::is_storable(cell.text)) << column.name;
  if (column.type == ColumnType::text || column.type == ColumnType::json) {
    EXPECT_LE(cell.text.size(), static_cast<std::size_t>(width)) << column.name;
  }
  if (column.type == ColumnType::boolean) {
    EXPECT_TRUE(cell.number == 0 || cell.number == 1);
  }
  if (column.type == ColumnType::integer) {
    EXPECT_EQ(cell.number, static_cast<std::int32_t>(cell.number));
  }
  if (column.type == ColumnType::json) {
    EXPECT_TRUE(event_of("{\"v\":" + std::string(cell.text) + "}")) << cell.text;
  }
}

void expect_row_fits(const TableShape& shape, const Row& row) {
  const auto columns = event::catalogue();
  ASSERT_EQ(row.cells.size(), columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) expect_cell_fits(columns[i], shape.widths[i], row.cells[i]);
  if (row.extra.empty()) return;
  const EventPtr extra = event_of(row.extra);
  ASSERT_TRUE(extra);
  EXPECT_TRUE(extra->plain) << "a JSON database type would refuse " << row.extra;
  EXPECT_TRUE(event::check_json(row.extra).narrow) << "a JSON database type would change " << row.extra;
}

TEST(RowProperty, HostileEventsComeBackFromEveryTable) {
  base::Random random(seed());
  Row row;
  std::uint64_t whole = 0;
  for (std::uint64_t i = 0; i < runs() && !HasFailure(); ++i) {
    SCOPED_TRACE("seed " + std::to_string(seed()) + " index " + std::to_string(i));
    const EventPtr sent = event_of(hostile_event(seed(), i));
    ASSERT_TRUE(sent);
    const TableShape shape = random_shape(random);
    event::encode(sent, shape, row);
    expect_row_fits(shape, row);
    expect_same(sent, row);
    whole += row.extra.find(R"("$event":)") != std::string::npos ? 1 : 0;
  }
  EXPECT_GT(whole, runs() / 20) << "the generator makes too few events that must be kept whole";
  EXPECT_LT(whole, runs() * 9 / 10) << "the generator makes too few events that stand in columns";
}

// Each odd value in each column: what the random mix may miss.
TEST(RowProperty, EachOddValueComesBackFromEachColumn) {
  Row row;
  for (const event::Column& column : event::catalogue()) {
    for (const std::string_view value : odd_values()) {
      std::string json = "{\"";
      json.append(column.name).append("\":").append(value).append("}");
      const EventPtr sent = event_of(json);
      ASSERT_TRUE(sent) << json;
      event::encode(sent, TableShape::whole(), row);
      expect_row_fits(TableShape::whole(), row);
      expect_same(sent, row);
      ASSERT_FALSE(HasFailure()) << json;
    }
  }
}

// A row keeps no trace of the event before: the same event gives the same row in fresh and in used memory.
TEST(RowProperty, ReusedRowEqualsFreshRow) {
  Row used;
  const TableShape shape = TableShape::whole();
  for (std::uint64_t i = 0; i < 200; ++i) {
    const EventPtr sent = event_of(hostile_event(seed() + 7, i));
    ASSERT_TRUE(sent);
    Row fresh;
    event::encode(sent, shape, fresh);
    event::encode(sent, shape, used);
    ASSERT_EQ(fresh.extra, used.extra);
    for (std::size_t c = 0; c < fresh.cells.size(); ++c) {
      ASSERT_EQ(fresh.cells[c].null, used.cells[c].null);
      ASSERT_EQ(fresh.cells[c].number, used.cells[c].number);
      ASSERT_EQ(fresh.cells[c].text, used.cells[c].text);
    }
  }
}

TEST(RowProperty, GeneratorKeepsItsBounds) {
  std::size_t longest = 0;
  for (std::uint64_t i = 0; i < 2000; ++i) longest = std::max(longest, hostile_event(seed(), i).size());
  EXPECT_LT(longest, 400'000U);
  EXPECT_GT(longest, 70'000U);
}

TEST(RowProperty, GeneratorRepeatsItself) {
  EXPECT_EQ(hostile_event(5, 11), hostile_event(5, 11));
  EXPECT_NE(hostile_event(5, 11), hostile_event(5, 12));
  EXPECT_NE(hostile_event(5, 11), hostile_event(6, 11));
}

}  // namespace
}  // namespace twinshift::tests
