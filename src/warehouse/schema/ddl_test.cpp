#include "warehouse/schema/ddl.hpp"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "warehouse/markers.hpp"
#include "warehouse/schema/real_testing.hpp"

namespace twinshift::warehouse {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string file_text(const std::string& name) {
  std::ifstream file(std::string(TWINSHIFT_SOURCE_DIR) + "/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Ddl, TheFilesInTheRepositoryAreInStep) {
  for (const Dialect dialect : {Dialect::postgres, Dialect::redshift}) {
    const std::string name = std::string(to_string(dialect)) + "-schema.sql";
    EXPECT_EQ(file_text(name), schema_text(dialect, {"", "appsflyer_events"}))
        << "Run: twinshift schema --dialect " << to_string(dialect) << " > " << name;
  }
}

TEST(Ddl, RedshiftGetsNothingItLacks) {
  const std::string text = schema_text(Dialect::redshift, kTable);
  for (const char* word : {"INDEX", "TEXT", "JSONB", "UNIQUE", "COLLATE", "now()"}) {
    EXPECT_THAT(text, Not(HasSubstr(word))) << word;
  }
  EXPECT_THAT(text, HasSubstr("DISTKEY (event_id)\nCOMPOUND SORTKEY (event_at)"));
  EXPECT_THAT(text, HasSubstr(R"("s"."twinshift_parts")"));
  EXPECT_THAT(text, HasSubstr(R"("s"."twinshift_writer")"));
  EXPECT_THAT(schema_text(Dialect::postgres, kTable), Not(HasSubstr("twinshift_parts")));
}

TEST(Ddl, NamesAreQuotedWhateverTheyHold) {
  const TableName odd{"a\"b", "x; DROP TABLE y --"};
  for (const Dialect dialect : {Dialect::postgres, Dialect::redshift}) {
    EXPECT_THAT(create_table_sql(dialect, odd), HasSubstr(R"("a""b"."x; DROP TABLE y --" ()"));
    EXPECT_THAT(add_column_sql(dialect, odd, "campaign"), StartsWith(R"(ALTER TABLE "a""b"."x; DROP TABLE y --" ADD)"));
  }
  EXPECT_EQ(sibling(odd, kLoadsTable), R"("a""b"."twinshift_loads")");
}

// PostgreSQL cuts longer names silently: two of ours must not become one.
TEST(Ddl, IndexNamesFit) {
  const TableName longest{"s", std::string(100, 'n')};
  EXPECT_EQ(id_index_name(longest).size(), 63U);
  EXPECT_TRUE(id_index_name(longest).ends_with("_event_id"));
  const auto statements = create_index_sql(Dialect::postgres, longest);
  ASSERT_EQ(statements.size(), 2U);
  EXPECT_NE(statements[0].substr(0, 110), statements[1].substr(0, 110));
}

TEST(Ddl, AddedColumnsTakeNull) {
  EXPECT_EQ(add_column_sql(Dialect::redshift, kTable, "event_id"),
            R"(ALTER TABLE "s"."t" ADD COLUMN "event_id" VARCHAR(32))");
  EXPECT_EQ(add_column_sql(Dialect::postgres, kTable, "event_at"),
            R"(ALTER TABLE "s"."t" ADD COLUMN "event_at" TIMESTAMP)");
  EXPECT_EQ(add_column_sql(Dialect::postgres, kTable, "nonsense"), "");
}

// Rows that are there must not seem loaded now, where the dialect lets us.
TEST(Ddl, LoadedAtBeginsWithNull) {
  EXPECT_EQ(add_loaded_at_sql(Dialect::postgres, kTable),
            R"(ALTER TABLE "s"."t" ADD COLUMN "loaded_at" TIMESTAMP, ALTER COLUMN "loaded_at" SET DEFAULT )"
            "(now() AT TIME ZONE 'UTC')");
  EXPECT_EQ(add_loaded_at_sql(Dialect::redshift, kTable),
            R"(ALTER TABLE "s"."t" ADD COLUMN "loaded_at" TIMESTAMP DEFAULT GETDATE())");
}

TEST(Ddl, ColumnsGrowWhereTheDialectCan) {
  const event::Column campaign = event::catalogue()[index_of("campaign")];
  const event::Column revenue = event::catalogue()[index_of("event_revenue")];
  const event::Column value = event::catalogue()[index_of("event_value")];
  const RealColumn text = real_text("x", 255);
  const RealColumn number = real_column("x", Stored::numeric, "numeric(18,6)");
  EXPECT_THAT(grow_column_sql(Dialect::postgres, kTable, campaign, text), HasSubstr(R"("campaign" TYPE TEXT)"));
  EXPECT_THAT(grow_column_sql(Dialect::redshift, kTable, campaign, text),
              HasSubstr(R"("campaign" TYPE VARCHAR(4096))"));
  EXPECT_THAT(grow_column_sql(Dialect::postgres, kTable, revenue, number), HasSubstr("TYPE NUMERIC(38,12)"));
  EXPECT_THAT(grow_column_sql(Dialect::redshift, kTable, revenue, number), HasSubstr("RENAME COLUMN"));
  // What stands there as text may be no JSON.
  EXPECT_THAT(grow_column_sql(Dialect::postgres, kTable, value, text), HasSubstr("TYPE TEXT"));
  EXPECT_THAT(grow_column_sql(Dialect::redshift, kTable, value, text), HasSubstr("TYPE VARCHAR(65535)"));
}

TEST(Ddl, RedshiftReplacesAColumnToLoseItsNotNull) {
  const RealColumn column = real_text("theirs", 10);
  EXPECT_EQ(drop_not_null_sql(Dialect::postgres, kTable, column),
            R"(ALTER TABLE "s"."t" ALTER COLUMN "theirs" DROP NOT NULL)");
  EXPECT_EQ(drop_not_null_sql(Dialect::redshift, kTable, column),
            R"(ALTER TABLE "s"."t" ADD COLUMN "theirs_new" character varying(10); UPDATE "s"."t" SET "theirs_new" = )"
            R"("theirs"; ALTER TABLE "s"."t" DROP COLUMN "theirs"; ALTER TABLE "s"."t" RENAME COLUMN "theirs_new" TO )"
            R"("theirs")");
}

}  // namespace
}  // namespace twinshift::warehouse
