#include "warehouse/table_name.hpp"

#include <gtest/gtest.h>

namespace twinshift::warehouse {
namespace {

std::string parsed(std::string_view text) {
  const auto name = parse_table_name(text);
  return name ? name->quoted() : "refused";
}

TEST(TableName, TakesATableWithAndWithoutSchema) {
  EXPECT_EQ(parsed("appsflyer_events"), R"("appsflyer_events")");
  EXPECT_EQ(parsed("appsflyer.appsflyer_events"), R"("appsflyer"."appsflyer_events")");
  EXPECT_EQ(parsed("Mixed-Case$1"), R"("Mixed-Case$1")");
  EXPECT_EQ(parsed("\xC3\xA9v\xC3\xA9nements"), "\"\xC3\xA9v\xC3\xA9nements\"");
}

TEST(TableName, TakesAnythingInQuotes) {
  EXPECT_EQ(parsed(R"("a b")"), R"("a b")");
  EXPECT_EQ(parsed(R"("a.b".c)"), R"("a.b"."c")");
  EXPECT_EQ(parsed(R"("x""; DROP TABLE y; --")"), R"("x""; DROP TABLE y; --")");
}

TEST(TableName, RefusesWhatCannotBeOne) {
  for (const std::string_view text : {"", ".", "a.", ".a", "a.b.c", "a b", "a;b", "a'b", "a\"b", "\"a", "\"\"",
                                      "\"a\"b", "x; DROP TABLE y", "a--b c", "(select)"}) {
    EXPECT_EQ(parsed(text), "refused") << text;
  }
  EXPECT_EQ(parsed(std::string_view("\"a\0b\"", 5)), "refused");
  EXPECT_EQ(parsed(std::string(kNameBytesMax, 'x')), '"' + std::string(kNameBytesMax, 'x') + '"');
  EXPECT_EQ(parsed(std::string(kNameBytesMax + 1, 'x')), "refused");
}

TEST(TableName, RefusesNamesThatAreTaken) {
  EXPECT_EQ(parsed("twinshift_loads"), "refused");
  EXPECT_EQ(parsed("s.Twinshift_Loads"), "refused");
  EXPECT_EQ(parsed("sqlite_schema"), "refused");
  EXPECT_EQ(parse_table_name("sqlite_schema").error().kind, base::ErrorKind::invalid);
}

}  // namespace
}  // namespace twinshift::warehouse
