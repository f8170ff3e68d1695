#include "event/json_check.hpp"

#include <string>

#include <gtest/gtest.h>

#include "event/event.hpp"

namespace twinshift::event {
namespace {

TEST(JsonCheck, TakesJson) {
  for (const std::string_view text : {"{}", "[]", " { } ", "\t[\r\n]", "null", "true", "false", "0", "-0", "1.5e+10",
                                      "1E5", "\"\"", "\"a\\n\\u00e9\"", R"({"a":1,"b":[1,2,{"c":null}],"":{}})",
                                      R"([[],[[]],{"x":[]}])", R"("\ud83d\ude00")", "\"東京\""}) {
    EXPECT_TRUE(check_json(text).valid) << text;
    EXPECT_TRUE(check_json(text).storable) << text;
    EXPECT_TRUE(check_json(text).narrow) << text;
  }
}

TEST(JsonCheck, RefusesOtherTexts) {
  for (const std::string_view text :
       {"",      " ",    "{",       "[",        "}",          "]",         "[1,",         "[1",
        "[,1]",  "[1,]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}",     "{,}",         "{\"a\":1 \"b\":2}",
        "[1 2]", "[}",   "{]",      "[1}",      "{} {}",      "{}x",       "nul",         "nullx",
        "True",  "01",   "-",       "+1",       ".5",         "5.",        "1e",          "1e+",
        "0x1",   "\"",   "\"a",     "\"\\",     "\"\\x\"",    "\"\\u12\"", "\"\\u12g4\"", "\"\n\"",
        "'a'",   "plain"}) {
    EXPECT_FALSE(check_json(text).valid) << text;
    EXPECT_FALSE(check_json(text).storable) << text;
  }
  EXPECT_FALSE(check_json(std::string_view("\"a\0b\"", 5)).valid);
  EXPECT_FALSE(check_json(std::string_view("{}\0", 3)).valid);
}

// A text cut off anywhere is not JSON (AppsFlyer cuts long parameters).
TEST(JsonCheck, RefusesEveryBeginning) {
  const std::string_view whole = R"({"a":"x\u00e9\"","b":[true,null,{"c":"d"}],"e":{}})";
  ASSERT_TRUE(check_json(whole).valid);
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(check_json(whole.substr(0, size)).valid) << size;
}

TEST(JsonCheck, FindsWhatDatabasesRefuse) {
  for (const std::string_view text :
       {R"("\u0000")", R"({"\u0000":1})", R"("\ud800")", R"("\udc00")", R"("\ud800x")", R"("\ud800\n")",
        R"("\ud800\ud800\udc00")", R"(["a",["\uDBFF"]])", R"("\udc00\ud800")"}) {
    EXPECT_TRUE(check_json(text).valid) << text;
    EXPECT_FALSE(check_json(text).storable) << text;
  }
  EXPECT_TRUE(check_json(R"("\\u0000")").storable) << "a backslash, then letters";
}

TEST(JsonCheck, FindsNumbersThatDoublesChange) {
  EXPECT_FALSE(check_json("9007199254740993").narrow);
  EXPECT_FALSE(check_json("1e999").narrow);
  EXPECT_FALSE(check_json(R"({"a":[1,0.12345678901234567]})").narrow);
  EXPECT_TRUE(check_json(R"({"a":"9007199254740993"})").narrow);
  EXPECT_TRUE(check_json("[1e99,123456789012345]").narrow);
}

TEST(JsonCheck, DepthIsBounded) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(check_json(nested(kNestingMax)).valid);
  EXPECT_FALSE(check_json(nested(kNestingMax + 1)).valid);
  EXPECT_FALSE(check_json(std::string(1'000'000, '[')).valid);
}

TEST(JsonCheck, TellsTheFirstCharacter) {
  EXPECT_EQ(check_json("  {}").first, '{');
  EXPECT_EQ(check_json("\"x\"").first, '"');
  EXPECT_EQ(check_json("").first, '\0');
}

}  // namespace
}  // namespace twinshift::event
