#include "app/table_text.hpp"

#include <gtest/gtest.h>

#include "app/table_compare.hpp"
#include "app/terminal_text.hpp"

namespace twinshift::app {
namespace {

warehouse::Table sample() {
  return {{"id", "name"}, {{"1", "a\"b,c"}, {std::nullopt, ""}}, false};
}

TEST(TableText, GoesAcrossWhereItFits) {
  EXPECT_EQ(table_as_text(sample(), 80),
            "id   | name \n"
            "-----+------\n"
            "1    | a\"b,c\n"
            "NULL |      \n"
            "(2 rows)\n");
}

TEST(TableText, ExpandsWhereItDoesNotFit) {
  const std::string text = table_as_text(sample(), 8);
  EXPECT_NE(text.find("row 1\n  id   | 1\n  name | a\"b,c\n"), std::string::npos);
  EXPECT_NE(text.find("row 2\n  name | \n  (1 columns are NULL)\n"), std::string::npos);
}

TEST(TableText, JsonTellsNullFromEmpty) {
  EXPECT_EQ(table_as_json(sample()), R"([{"id":"1","name":"a\"b,c"},{"id":null,"name":""}])");
}

TEST(TableText, CsvFollowsRfc4180) {
  EXPECT_EQ(table_as_csv(sample()), "id,name\r\n1,\"a\"\"b,c\"\r\n,\"\"\r\n");
  EXPECT_EQ(table_as_csv(sample(), "target", "primary", false), "primary,1,\"a\"\"b,c\"\r\nprimary,,\"\"\r\n");
}

TEST(TerminalText, NeverSendsControlCharacters) {
  EXPECT_EQ(printable("a\x1b[2Jb\nc"), "a?[2Jb\\nc");
}

TEST(TerminalText, CutsAtACharactersEdge) {
  EXPECT_EQ(shortened("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", 6), "\xC3\xA9...");
}

TEST(Compare, LeavesArrivalTimesOut) {
  const warehouse::Table a{{"x", "received_at"}, {{"1", "t1"}}, false};
  const warehouse::Table b{{"x", "received_at"}, {{"1", "t2"}}, false};
  const Comparison result = compare(a, b);
  EXPECT_TRUE(result.same);
  EXPECT_EQ(result.columns_left_out, std::vector<std::string>{"received_at"});
}

TEST(Compare, TellsOrderFromContent) {
  const warehouse::Table a{{"x"}, {{"1"}, {"2"}}, false};
  const warehouse::Table b{{"x"}, {{"2"}, {"1"}}, false};
  const warehouse::Table c{{"x"}, {{"2"}, {"3"}}, false};
  const warehouse::Table d{{"x"}, {{"2"}}, false};
  EXPECT_TRUE(compare(a, b).same);
  EXPECT_FALSE(compare(a, b).same_order);
  EXPECT_FALSE(compare(a, c).same);
  EXPECT_EQ(compare(a, d).difference, "primary has 2 rows, secondary 1");
  EXPECT_FALSE(compare(a, {{"y"}, {}, false}).same);
}

TEST(Compare, TellsNullFromEmpty) {
  const warehouse::Table a{{"x"}, {{std::nullopt}}, false};
  const warehouse::Table b{{"x"}, {{""}}, false};
  EXPECT_FALSE(compare(a, b).same);
}

TEST(SideBySide, MarksWhatDiffersAndMissingRows) {
  const warehouse::Table a{{"x", "y"}, {{"1", std::nullopt}, {"2", std::nullopt}}, false};
  const warehouse::Table b{{"x", "y"}, {{"7", std::nullopt}}, false};
  const std::string text = side_by_side(a, b);
  EXPECT_NE(text.find("! x"), std::string::npos);
  EXPECT_NE(text.find("(no row)"), std::string::npos);
  EXPECT_NE(text.find("(1 columns are NULL in both)"), std::string::npos);
}

}  // namespace
}  // namespace twinshift::app
