#include <set>
#include <string>

#include <gtest/gtest.h>

#include "event/row.hpp"

namespace twinshift::event {
namespace {

const Column& column(std::string_view name) {
  const int index = find_column(name);
  EXPECT_GE(index, 0) << name;
  return catalogue()[static_cast<std::size_t>(std::max(index, 0))];
}

TEST(Columns, EachIsFoundAtItsPlace) {
  const std::span<const Column> columns = catalogue();
  ASSERT_EQ(columns.size(), 186U);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    EXPECT_EQ(find_column(columns[i].name), static_cast<int>(i)) << columns[i].name;
  }
}

TEST(Columns, OtherNamesAreNotFound) {
  for (const std::string_view name :
       {"", "a", "Event_Name", "event_name ", " event_name", "event_nam", "event_names", "contributor_4_campaign",
        "contributor1_match_type", "attributed_touch_time_selected_timezon", "$event"}) {
    EXPECT_EQ(find_column(name), -1) << name;
  }
  EXPECT_EQ(find_column(std::string_view("event_name\0", 11)), -1);
  EXPECT_EQ(find_column(std::string(100'000, 'x')), -1);
}

// A name that differs in one byte anywhere, also where the hash does not look, is another name.
TEST(Columns, EveryByteOfANameCounts) {
  for (const Column& known : catalogue()) {
    for (std::size_t i = 0; i < known.name.size(); ++i) {
      std::string other(known.name);
      other[i] = '#';
      EXPECT_EQ(find_column(other), -1) << other;
    }
  }
}

TEST(Columns, OwnColumnsAreNotFilledFromPayloads) {
  for (const Column& own : own_columns()) EXPECT_EQ(find_column(own.name), -1) << own.name;
}

TEST(Columns, OwnColumnsAreThoseOfTheDesign) {
  std::string names;
  for (const Column& own : own_columns()) names.append(own.name).append(" ");
  EXPECT_EQ(names, "event_id id_version event_key event_at received_at created_at updated_at extra ");
}

TEST(Columns, NamesAreUniqueAndNeedNoJsonEscapes) {
  std::set<std::string_view> seen;
  for (const Column& each : catalogue()) {
    EXPECT_TRUE(seen.insert(each.name).second) << each.name;
    EXPECT_EQ(each.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"), std::string_view::npos);
    EXPECT_LE(each.name.size(), 63U) << "PostgreSQL cuts longer names";
    EXPECT_FALSE(each.group.empty());
  }
}

TEST(Columns, WidthsFitRedshift) {
  for (const Column& each : catalogue()) {
    const bool sized = each.type == ColumnType::text || each.type == ColumnType::json;
    EXPECT_EQ(each.width > 0, sized || each.type == ColumnType::decimal) << each.name;
    EXPECT_LE(each.width, sized ? 65535 : 38) << each.name;
    EXPECT_LE(each.scale, each.width) << each.name;
  }
}

TEST(Columns, TypesOfTheOnesThatMatter) {
  EXPECT_EQ(column("event_time").type, ColumnType::timestamp);
  EXPECT_EQ(column("event_value").type, ColumnType::json);
  EXPECT_EQ(column("custom_data").type, ColumnType::text);
  EXPECT_EQ(column("event_name").width, 1024);
  EXPECT_EQ(column("campaign").width, 4096);
  EXPECT_EQ(column("original_url").width, 65535);
  EXPECT_EQ(column("af_c_id").type, ColumnType::text);
  EXPECT_EQ(column("event_revenue").spelling, Spelling::quoted);
  EXPECT_EQ(column("event_revenue_usd").spelling, Spelling::bare);
  EXPECT_EQ(column("event_revenue_usd").width, 38);
  EXPECT_EQ(column("event_revenue_usd").scale, 12);
  EXPECT_EQ(column("wifi").spelling, Spelling::bare);
  EXPECT_EQ(column("store_reinstall").spelling, Spelling::quoted);
  EXPECT_EQ(column("install_time_selected_timezone").spelling, Spelling::local);
  EXPECT_EQ(column("selected_timezone").type, ColumnType::text);
}

TEST(Columns, WholeShapeHasAllAtTheirWidths) {
  const TableShape shape = TableShape::whole();
  ASSERT_EQ(shape.widths.size(), catalogue().size());
  for (std::size_t i = 0; i < shape.widths.size(); ++i) EXPECT_EQ(shape.widths[i], catalogue()[i].width);
}

}  // namespace
}  // namespace twinshift::event
