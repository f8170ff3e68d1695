#include "app/schema_diff.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace twinshift::app {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using warehouse::SchemaColumn;

SchemaColumn column(std::string name, std::string type, std::string holds) {
  return {.name = std::move(name), .type = std::move(type), .holds = std::move(holds), .encoding = {}};
}

class SchemaDiff : public ::testing::Test {
 protected:
  SchemaDiff() {
    for (const char* name : {"primary", "secondary"}) {
      warehouse::SchemaDescription table;
      table.product = "PostgreSQL";
      table.table = "\"s\".\"t\"";
      table.exists = true;
      table.columns = {column("event_id", "text", "text, 32 bytes"), column("city", "text", "text, 255 bytes"),
                       column("theirs", "integer", "")};
      table.foreign_rows = 0;
      targets_.push_back({name, std::move(table)});
    }
  }
  SchemaColumn& second(std::size_t index) { return targets_[1].description.columns[index]; }
  std::vector<SchemaFinding> found() { return find_differences(targets_); }

  std::vector<TargetSchema> targets_;
};

TEST_F(SchemaDiff, TheSameIsTheSame) {
  EXPECT_THAT(found(), IsEmpty());
  EXPECT_THAT(differences_as_text(targets_, {}), HasSubstr("same: both"));
  EXPECT_THAT(differences_as_json(targets_, {}), HasSubstr(R"({"same":true,"targets":{"primary":{"product")"));
}

TEST_F(SchemaDiff, SizesOfColumnsCount) {
  second(1) = column("city", "character varying(9)", "text, 9 bytes");
  ASSERT_EQ(found().size(), 1U);
  EXPECT_EQ(found()[0].target, "secondary");
  EXPECT_THAT(found()[0].difference.what, HasSubstr("holds text, 9 bytes, primary holds text, 255 bytes"));
  EXPECT_EQ(found()[0].difference.cure, R"(ALTER TABLE "s"."t" ALTER COLUMN "city" TYPE text)");
}

// A difference from the catalogue says it all; between the two it would only be said again.
TEST_F(SchemaDiff, ADifferenceFromTheCatalogueIsToldOnce) {
  second(1) = column("city", "character varying(9)", "text, 9 bytes");
  targets_[1].description.differences.push_back({"city", "holds 9 bytes", "ALTER", false});
  ASSERT_EQ(found().size(), 1U);
  EXPECT_EQ(found()[0].difference.what, "holds 9 bytes");
}

TEST_F(SchemaDiff, OtherProductsSpellTypesOtherwise) {
  targets_[1].description.product = "Redshift";
  second(1).type = "character varying(255)";
  second(1).encoding = "lzo";
  EXPECT_THAT(found(), IsEmpty());
  targets_[1].description.columns.pop_back();
  ASSERT_EQ(found().size(), 1U);
  EXPECT_THAT(found()[0].difference.cure, HasSubstr("by hand"));
}

TEST_F(SchemaDiff, TheSameProductsTypesAndEncodingsAreCompared) {
  second(0).type = "character varying";
  second(1).encoding = "zstd";
  targets_[0].description.columns[1].encoding = "lzo";
  second(2).not_null = true;
  ASSERT_EQ(found().size(), 3U);
  EXPECT_THAT(found()[0].difference.what, HasSubstr("has the type character varying, primary has text"));
  EXPECT_THAT(found()[1].difference.cure, HasSubstr("ENCODE lzo"));
  EXPECT_THAT(found()[2].difference.what, HasSubstr("takes no NULL"));
}

TEST_F(SchemaDiff, ColumnsOfOthersAreMissedOnEitherSide) {
  targets_[0].description.columns.push_back(column("left", "date", ""));
  targets_[1].description.columns.push_back(column("right", "date", ""));
  targets_[1].description.columns.push_back(column("loaded_at", "timestamp", ""));  // outside all comparison
  ASSERT_EQ(found().size(), 2U);
  EXPECT_EQ(found()[0].target, "secondary");
  EXPECT_EQ(found()[1].target, "primary");
  EXPECT_EQ(found()[1].difference.cure, R"(ALTER TABLE "s"."t" ADD COLUMN "right" date)");
}

TEST_F(SchemaDiff, TextHasOneLineADifference) {
  targets_[0].description.differences = {{"", "is a view", "Do", true}, {"a", "is missing", "ALTER", false}};
  targets_[1].description.foreign_rows.reset();
  targets_[1].description.not_counted = "timed out";
  EXPECT_EQ(differences_as_text(targets_, found()),
            "primary (stops writing): the table is a view. Mend: Do\n"
            "primary: the column a is missing. Mend: ALTER\n"
            "primary: PostgreSQL, table \"s\".\"t\": 3 columns, rows without event_id (not Twinshift's, never "
            "touched): 0\n"
            "secondary: PostgreSQL, table \"s\".\"t\": 3 columns, rows without event_id not counted: timed out\n"
            "different: 2 found\n");
}

TEST_F(SchemaDiff, ATableThatIsNotThereIsNotCompared) {
  targets_[1].description = {};
  targets_[1].description.product = "PostgreSQL";
  targets_[1].description.table = "\"t\"";
  targets_[1].description.exists = false;
  targets_[1].description.differences.push_back({"", "does not exist", "apply", false});
  EXPECT_EQ(found().size(), 1U);
  EXPECT_THAT(differences_as_json(targets_, found()), HasSubstr(R"("foreignRows":null)"));
}

}  // namespace
}  // namespace twinshift::app
