#include "warehouse/schema/describe.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "warehouse/schema/ddl.hpp"
#include "warehouse/schema/real_testing.hpp"
#include "warehouse/table_columns.hpp"

namespace twinshift::warehouse {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

DescribeInput input_of(Dialect dialect) {
  DescribeInput input;
  input.dialect = dialect;
  input.target = "primary";
  input.table = kTable;
  input.real = made_table(dialect);
  for (const Sibling& each : siblings_of(dialect, kTable)) input.siblings_there.push_back(each.name);
  if (dialect == Dialect::redshift) input.physical = {{{"campaign", "lzo"}}, "KEY(event_id)", {"event_at"}};
  return input;
}

// The one difference on `column`; a failure where there is none.
SchemaDifference difference(const SchemaDescription& description, std::string_view column) {
  const auto on = [&](const SchemaDifference& each) { return each.column == column; };
  EXPECT_EQ(std::ranges::count_if(description.differences, on), 1) << column;
  const auto found = std::ranges::find_if(description.differences, on);
  return found == description.differences.end() ? SchemaDifference{} : *found;
}

TEST(DescribeTable, TablesOfOursAreAsTheyShouldBe) {
  for (const Dialect dialect : {Dialect::postgres, Dialect::redshift}) {
    const SchemaDescription description = describe_table(input_of(dialect));
    EXPECT_THAT(description.differences, IsEmpty());
    EXPECT_TRUE(description.exists);
    EXPECT_EQ(description.columns.size(), table_columns().size() + 1);
  }
}

// So that the two can be compared column by column.
TEST(DescribeTable, BothDialectsHoldTheSame) {
  const SchemaDescription one = describe_table(input_of(Dialect::postgres));
  const SchemaDescription other = describe_table(input_of(Dialect::redshift));
  for (std::size_t i = 0; i < one.columns.size(); ++i) {
    EXPECT_EQ(one.columns[i].holds, other.columns[i].holds) << one.columns[i].name;
  }
}

TEST(DescribeTable, NoTableIsOneDifference) {
  DescribeInput input = input_of(Dialect::postgres);
  input.real = {};
  const SchemaDescription description = describe_table(input);
  EXPECT_FALSE(description.exists);
  EXPECT_THAT(difference(description, "").cure, HasSubstr("schema --target primary --apply"));
}

TEST(DescribeTable, NarrowColumnsAreToldWithTheirCure) {
  DescribeInput input = input_of(Dialect::redshift);
  at(input.real, "campaign") = real_text("campaign", 255);
  at(input.real, "city") = real_text("city", 4000);  // wider does no harm
  at(input.real, "event_revenue").precision = 18;
  at(input.real, "event_revenue").scale = 6;
  const SchemaDescription description = describe_table(input);
  EXPECT_EQ(description.differences.size(), 2U);
  EXPECT_THAT(difference(description, "campaign").what, HasSubstr("holds 255 bytes, the catalogue 4096"));
  EXPECT_THAT(difference(description, "campaign").cure, HasSubstr("TYPE VARCHAR(4096)"));
  EXPECT_THAT(difference(description, "event_revenue").what, HasSubstr("decimal(18,6)"));
  const auto is_campaign = [](const SchemaColumn& column) { return column.name == "campaign"; };
  const auto campaign = std::ranges::find_if(description.columns, is_campaign);
  EXPECT_EQ(campaign->holds, "text, 255 bytes");
  EXPECT_EQ(campaign->encoding, "lzo");
}

TEST(DescribeTable, WhatStopsUsComesFirst) {
  DescribeInput input = input_of(Dialect::postgres);
  drop(input.real, "campaign");
  drop(input.real, "loaded_at");
  input.real.keys.push_back({.name = "pk", .columns = {"appsflyer_id"}, .primary = true, .constraint = true});
  at(input.real, "appsflyer_id").not_null = true;
  const SchemaDescription description = describe_table(input);
  ASSERT_EQ(description.differences.size(), 4U);
  EXPECT_TRUE(description.differences[0].stops);
  EXPECT_THAT(description.differences[0].cure, HasSubstr("DROP CONSTRAINT"));
  EXPECT_THAT(difference(description, "campaign").cure, HasSubstr("ADD COLUMN"));
  EXPECT_THAT(difference(description, "loaded_at").cure, HasSubstr("SET DEFAULT"));
  EXPECT_THAT(difference(description, "appsflyer_id").what, HasSubstr("filler"));
}

TEST(DescribeTable, TypesThatDoNotKeepValuesOrTheirText) {
  DescribeInput input = input_of(Dialect::postgres);
  at(input.real, "wifi") = real_text("wifi", 0);
  at(input.real, "event_value") = real_column("event_value", Stored::jsonb, "jsonb");
  const SchemaDescription description = describe_table(input);
  EXPECT_THAT(difference(description, "wifi").what, HasSubstr("has the type text"));
  EXPECT_THAT(difference(description, "event_value").cure, HasSubstr("USING event_value::json"));
}

TEST(DescribeTable, SiblingsAndKeysThatAreMissing) {
  DescribeInput input = input_of(Dialect::postgres);
  input.real.keys.clear();
  input.siblings_there = {"twinshift_duplicates", "twinshift_duplicates_received_at", "twinshift_owed",
                          "twinshift_erased", "twinshift_erased_event_id"};
  SchemaDescription description = describe_table(input);
  EXPECT_THAT(difference(description, "event_id").cure, HasSubstr("CREATE UNIQUE INDEX"));
  // Its indexes come with it and are not told of one by one.
  EXPECT_EQ(difference(description, "").what, "lacks its sibling twinshift_loads");
  input.siblings_there.insert(input.siblings_there.end(), {"twinshift_loads", "twinshift_loads_batch_id"});
  EXPECT_EQ(difference(describe_table(input), "").what, "lacks its sibling's index twinshift_loads_arrival_at");
  input = input_of(Dialect::redshift);
  input.physical = {{}, "KEY(customer_user_id)", {"event_time", "appsflyer_id"}};
  description = describe_table(input);
  ASSERT_EQ(description.differences.size(), 2U);
  EXPECT_THAT(description.differences[0].cure, HasSubstr("ALTER DISTKEY event_id"));
  EXPECT_THAT(description.differences[1].cure, HasSubstr("ALTER COMPOUND SORTKEY (event_at)"));
  EXPECT_EQ(description.sort_key, "event_time, appsflyer_id");
}

TEST(DescribeTable, RedshiftsOwnChoiceOfTheSameKeyIsFine) {
  DescribeInput input = input_of(Dialect::redshift);
  input.physical.distribution = "AUTO(KEY(event_id))";
  EXPECT_THAT(describe_table(input).differences, IsEmpty());
}

TEST(DescribeTable, AViewCannotBeWrittenTo) {
  DescribeInput input = input_of(Dialect::postgres);
  input.real.is_table = false;
  EXPECT_TRUE(describe_table(input).differences.front().stops);
}

}  // namespace
}  // namespace twinshift::warehouse
