#include "warehouse/schema/dialect.hpp"

#include <set>

#include <gtest/gtest.h>

#include "warehouse/table_columns.hpp"

namespace twinshift::warehouse {
namespace {

event::Column column_named(std::string_view name) {
  for (const event::Column& column : table_columns()) {
    if (column.name == name) return column;
  }
  ADD_FAILURE() << name;
  return {};
}

TEST(Dialect, NamesComeBack) {
  for (const Dialect dialect : {Dialect::postgres, Dialect::redshift}) {
    EXPECT_EQ(dialect_from(to_string(dialect)), dialect);
  }
  EXPECT_EQ(dialect_from("postgresql"), Dialect::postgres);
  for (const char* other : {"", "oracle", "Redshift", "sqlite"}) EXPECT_FALSE(dialect_from(other)) << other;
  EXPECT_EQ(product_of(Dialect::postgres), "PostgreSQL");
  EXPECT_EQ(product_of(Dialect::redshift), "Redshift");
}

TEST(Dialect, TypesOfPostgres) {
  EXPECT_EQ(type_of(Dialect::postgres, column_named("event_id")), "TEXT COLLATE \"C\"");
  EXPECT_EQ(type_of(Dialect::postgres, column_named("campaign")), "TEXT");
  EXPECT_EQ(type_of(Dialect::postgres, column_named("event_value")), "JSON");
  EXPECT_EQ(type_of(Dialect::postgres, column_named("extra")), "JSONB");
  EXPECT_EQ(type_of(Dialect::postgres, column_named("event_revenue")), "NUMERIC(38,12)");
  EXPECT_EQ(type_of(Dialect::postgres, column_named("id_version")), "INTEGER");
  EXPECT_EQ(type_of(Dialect::postgres, column_named("event_key")), "BIGINT");
  EXPECT_EQ(type_of(Dialect::postgres, column_named("wifi")), "BOOLEAN");
  EXPECT_EQ(type_of(Dialect::postgres, column_named("event_at")), "TIMESTAMP");
}

TEST(Dialect, TypesOfRedshift) {
  EXPECT_EQ(type_of(Dialect::redshift, column_named("event_id")), "VARCHAR(32)");
  EXPECT_EQ(type_of(Dialect::redshift, column_named("campaign")), "VARCHAR(4096)");
  EXPECT_EQ(type_of(Dialect::redshift, column_named("event_value")), "SUPER");
  EXPECT_EQ(type_of(Dialect::redshift, column_named("extra")), "SUPER");
  EXPECT_EQ(type_of(Dialect::redshift, column_named("event_revenue")), "NUMERIC(38,12)");
  event::Column wide = column_named("campaign");
  wide.width = 70'000;
  EXPECT_EQ(type_of(Dialect::redshift, wide), "VARCHAR(65535)");
}

TEST(Dialect, OurColumnsFrameTheCatalogue) {
  const auto columns = table_columns();
  ASSERT_EQ(columns.size(), event::catalogue().size() + event::own_columns().size());
  EXPECT_EQ(columns.front().name, "event_id");
  EXPECT_EQ(columns.back().name, "extra");
  std::set<std::string_view> names;
  for (const event::Column& column : columns) names.insert(column.name);
  EXPECT_EQ(names.size(), columns.size());
}

}  // namespace
}  // namespace twinshift::warehouse
