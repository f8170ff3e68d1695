#include "warehouse/drivers/redshift_data/reading_statement.hpp"

#include <gtest/gtest.h>

namespace twinshift::warehouse {
namespace {

TEST(ReadingStatement, IsOneSelect) {
  for (const char* sql : {"SELECT 1", "select 1", " \n(SELECT 1) UNION (SELECT 2)",
                          "WITH a AS (SELECT 1) SELECT * FROM a", "-- a word\nSELECT 1", "/* a /* b */ c */ SELECT 1",
                          "SELECT ';', \";\", '\\';', 'it''s'", "SELECT \"into\" FROM t", "SELECT 'x into y'"}) {
    const auto statement = reading_statement(sql);
    ASSERT_TRUE(statement) << sql << ": " << statement.error().text();
    EXPECT_EQ(*statement, sql);
  }
}

TEST(ReadingStatement, LosesWhatFollowsItsEnd) {
  EXPECT_EQ(*reading_statement("SELECT 5 ; -- and a word\n"), "SELECT 5 ");
  EXPECT_EQ(*reading_statement("SELECT 5 -- and a word"), "SELECT 5 -- and a word");
}

TEST(ReadingStatement, IsNothingElse) {
  for (const std::string& sql :
       {std::string(), std::string(";"), std::string("()"), std::string("INSERT INTO t VALUES (1)"),
        std::string("SELECT 1; SELECT 2"), std::string("SELECT 1;;"), std::string("SELECT 1 INTO t"),
        std::string("WITH a AS (SELECT 1) SELECT * INTO t FROM a"), std::string("SELECT 1 /* ; */; DROP TABLE t"),
        std::string("SELECT '\\'; DROP TABLE t"), std::string("SELECT 'a"), std::string("SELECT \"a"),
        std::string("SELECT 1 /* a"), std::string("/* a */ CALL p()"), std::string("(DELETE FROM t)"),
        std::string("SELECTED"), std::string("SELECT $$a;b$$"), std::string("SELECT 1\0; SELECT 2", 19),
        std::string("-- SELECT 1")}) {
    const auto statement = reading_statement(sql);
    ASSERT_FALSE(statement) << sql;
    EXPECT_EQ(statement.error().kind, base::ErrorKind::invalid);
  }
}

}  // namespace
}  // namespace twinshift::warehouse
