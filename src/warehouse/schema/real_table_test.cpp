#include "warehouse/schema/real_table.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "warehouse/schema/real_testing.hpp"
#include "warehouse/table_columns.hpp"

namespace twinshift::warehouse {
namespace {

using event::TableShape;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class FitTable : public ::testing::TestWithParam<Dialect> {
 protected:
  [[nodiscard]] Fit fit() const { return fit_table(GetParam(), real_, kTable); }
  RealTable real_ = made_table(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Both, FitTable, ::testing::Values(Dialect::postgres, Dialect::redshift),
                         [](const auto& parameter) { return std::string(to_string(parameter.param)); });

TEST_P(FitTable, ATableOfOursTakesEverything) {
  const Fit result = fit();
  EXPECT_THAT(result.missing, IsEmpty());
  EXPECT_THAT(result.unused, IsEmpty());
  EXPECT_THAT(result.faults, IsEmpty());
  EXPECT_FALSE(result.lacks_loaded_at);
  EXPECT_EQ(result.columns.size(), table_columns().size());
  EXPECT_EQ(result.shape.widths, TableShape::whole().widths);
  EXPECT_THAT(result.shape.not_null, IsEmpty());
  EXPECT_EQ(result.shape.json_exact, GetParam() == Dialect::postgres);
  EXPECT_EQ(result.id_key, GetParam() == Dialect::postgres ? "t_event_id" : "");
}

TEST_P(FitTable, ExtraIsBoundedOnlyWhereTheTableBoundsIt) {
  const bool redshift = GetParam() == Dialect::redshift;
  EXPECT_EQ(fit().shape.extra_bytes_max, redshift ? 65'535U : std::numeric_limits<std::size_t>::max());
  at(real_, "extra") = real_text("extra", 1000);
  EXPECT_EQ(fit().shape.extra_bytes_max, 1000U);
}

TEST_P(FitTable, MissingColumnsGoToExtra) {
  drop(real_, "campaign");
  drop(real_, "received_at");
  drop(real_, "loaded_at");
  const Fit result = fit();
  EXPECT_THAT(result.missing, ElementsAre("received_at", "campaign"));
  EXPECT_TRUE(result.lacks_loaded_at);
  EXPECT_EQ(result.shape.widths[index_of("campaign")], TableShape::kAbsent);
  EXPECT_THAT(result.faults, IsEmpty());
}

TEST_P(FitTable, WidthsAndScalesAreTheTables) {
  at(real_, "campaign") = real_text("campaign", 255);
  at(real_, "city") = real_text("city", 9999);
  RealColumn& revenue = at(real_, "event_revenue");
  revenue.precision = 18;
  revenue.scale = 6;
  const Fit result = fit();
  EXPECT_EQ(result.shape.widths[index_of("campaign")], 255);
  EXPECT_EQ(result.shape.widths[index_of("city")], 9999);
  EXPECT_EQ(result.shape.widths[index_of("event_revenue")], 18);
  EXPECT_EQ(result.shape.scales[index_of("event_revenue")], 6);
}

// Without a limit of its own a column holds as much as its counterpart on the other side.
TEST_P(FitTable, UnlimitedColumnsGetTheCataloguesWidth) {
  at(real_, "campaign") = real_text("campaign", 0);
  at(real_, "event_revenue") = real_column("event_revenue", Stored::numeric, "numeric");
  const Fit result = fit();
  EXPECT_EQ(result.shape.widths[index_of("campaign")], 4096);
  EXPECT_EQ(result.shape.widths[index_of("event_revenue")], 38);
  EXPECT_EQ(result.shape.scales[index_of("event_revenue")], 12);
}

TEST_P(FitTable, NotNullGetsFillers) {
  at(real_, "appsflyer_id").not_null = true;
  const Fit result = fit();
  ASSERT_EQ(result.shape.not_null.size(), event::catalogue().size());
  EXPECT_EQ(std::ranges::count(result.shape.not_null, true), 1);
  EXPECT_TRUE(result.shape.not_null[index_of("appsflyer_id")]);
  EXPECT_THAT(result.faults, IsEmpty());
}

TEST_P(FitTable, TypesThatChangeValuesAreLeftAlone) {
  at(real_, "wifi") = real_text("wifi", 5);
  at(real_, "event_time_selected_timezone") = real_column("event_time_selected_timezone", Stored::timestamptz, "tz");
  at(real_, "total_candidates") = real_column("total_candidates", Stored::int2, "smallint");
  at(real_, "city").writable = false;
  at(real_, "event_value") = real_column("event_value", Stored::other, "xml");
  const Fit result = fit();
  EXPECT_THAT(result.unused, ::testing::UnorderedElementsAre("wifi", "event_time_selected_timezone", "total_candidates",
                                                             "city", "event_value"));
  for (const std::string& name : result.unused) {
    EXPECT_EQ(result.shape.widths[index_of(name)], TableShape::kAbsent) << name;
  }
  EXPECT_THAT(result.faults, IsEmpty());
}

TEST_P(FitTable, WiderTypesOfTheSameKindWillDo) {
  at(real_, "total_candidates") = real_column("total_candidates", Stored::int8, "bigint");
  at(real_, "event_time") = real_column("event_time", Stored::timestamptz, "timestamptz");
  at(real_, "event_value") = real_text("event_value", 0);
  const Fit result = fit();
  EXPECT_THAT(result.unused, IsEmpty());
  EXPECT_TRUE(result.shape.json_exact);  // a text keeps its text
}

TEST_P(FitTable, AWrongTypeOfOursIsAFaultWithItsCure) {
  at(real_, "event_key") = real_column("event_key", Stored::int4, "integer");
  at(real_, "event_id") = real_text("event_id", 16);
  const Fit result = fit();
  ASSERT_EQ(result.faults.size(), 2U);
  EXPECT_THAT(result.faults[0].what, HasSubstr("event_id has the type character varying(16)"));
  EXPECT_THAT(result.faults[0].cure, HasSubstr(R"(ALTER TABLE "s"."t" RENAME COLUMN "event_id" TO "event_id_old")"));
  EXPECT_THAT(result.faults[1].what, HasSubstr("event_key"));
}

TEST_P(FitTable, AForeignColumnThatMustBeFilledIsAFault) {
  real_.columns.push_back(real_text("theirs", 10));
  EXPECT_THAT(fit().faults, IsEmpty());
  real_.columns.back().not_null = true;
  ASSERT_EQ(fit().faults.size(), 1U);
  EXPECT_THAT(fit().faults[0].what, HasSubstr("theirs is NOT NULL without a default"));
  EXPECT_THAT(fit().faults[0].cure, HasSubstr(GetParam() == Dialect::postgres ? "DROP NOT NULL" : "\"theirs_new\""));
  real_.columns.back().has_default = true;
  EXPECT_THAT(fit().faults, IsEmpty());
}

TEST_P(FitTable, AnUnusedColumnThatMustBeFilledIsAFault) {
  at(real_, "wifi") = real_text("wifi", 5);
  at(real_, "wifi").not_null = true;
  ASSERT_EQ(fit().faults.size(), 1U);
  EXPECT_THAT(fit().faults[0].what, HasSubstr("wifi"));
}

TEST(FitKeys, OnlyWhatCouldRefuseDifferentEventsIsAFault) {
  RealTable real = made_table(Dialect::postgres);
  real.keys = {
      {.name = "t_pkey", .columns = {"appsflyer_id"}, .primary = true, .constraint = true},
      {.name = "two", .columns = {"event_id", "event_time"}},
      {.name = "index", .columns = {"event_name", "event_time"}},
      {.name = "expression", .columns = {}, .partial = true},
      {.name = "some", .columns = {"event_id"}, .partial = true},
  };
  const Fit result = fit_table(Dialect::postgres, real, kTable);
  EXPECT_EQ(result.id_key, "");  // the partial one does not hold for all rows
  std::vector<std::string> cures;
  for (const Fit::Fault& fault : result.faults) cures.push_back(fault.cure);
  EXPECT_THAT(cures, ElementsAre(R"(ALTER TABLE "s"."t" DROP CONSTRAINT "t_pkey")", R"(DROP INDEX "s"."index")",
                                 R"(DROP INDEX "s"."expression")"));
  EXPECT_THAT(result.faults[0].what, HasSubstr("uniqueness of appsflyer_id"));
  EXPECT_THAT(result.faults[2].what, HasSubstr("an expression"));
}

TEST(FitKeys, APrimaryKeyOnEventIdIsTheKey) {
  RealTable real = made_table(Dialect::postgres);
  real.keys = {{.name = "pk", .columns = {"event_id"}, .primary = true, .constraint = true}};
  const Fit result = fit_table(Dialect::postgres, real, kTable);
  EXPECT_EQ(result.id_key, "pk");
  EXPECT_THAT(result.faults, IsEmpty());
}

TEST(FitTableOfAPredecessor, IsTakenOver) {
  RealTable real;
  real.exists = true;
  real.columns = {real_text("appsflyer_id", 255), real_text("gp_referrer", 256),
                  real_column("created_at", Stored::timestamp, "timestamp"),
                  real_column("updated_at", Stored::timestamp, "timestamp")};
  real.columns[0].not_null = true;
  const Fit result = fit_table(Dialect::redshift, real, kTable);
  EXPECT_THAT(result.faults, IsEmpty());
  EXPECT_THAT(result.missing, Contains("event_id"));
  EXPECT_THAT(result.missing, Contains("extra"));
  EXPECT_THAT(result.missing, Not(Contains("created_at")));
  EXPECT_EQ(result.missing.size() + 4, table_columns().size());
  EXPECT_EQ(result.shape.widths[index_of("gp_referrer")], 256);
  EXPECT_TRUE(result.shape.not_null[index_of("appsflyer_id")]);
}

}  // namespace
}  // namespace twinshift::warehouse
