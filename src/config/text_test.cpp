#include "config/text.hpp"

#include <gtest/gtest.h>

namespace twinshift::config {
namespace {

TEST(Text, TrimsBlanksAtBothEndsOnly) {
  EXPECT_EQ(trimmed(" \t a b \r\n"), "a b");
  EXPECT_EQ(trimmed(" \n"), "");
  EXPECT_EQ(trimmed(""), "");
}

TEST(Text, KnowsUtf8) {
  for (const std::string_view good : {"", "a", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xED\x9F\xBF"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const std::string_view bad :
       {"\x80", "\xC3", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF", "\xC3(", "a\xE2\x82"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
}

TEST(Text, KnowsControlCharacters) {
  EXPECT_TRUE(has_control_character(std::string_view("a\0b", 3)));
  EXPECT_TRUE(has_control_character("\x7F"));
  EXPECT_TRUE(has_control_character("a\nb"));
  EXPECT_FALSE(has_control_character("a b \xC3\xA4"));
}

TEST(Text, SplitsIntoAtLeastOnePart) {
  EXPECT_EQ(split("", '|').size(), 1U);
  EXPECT_EQ(split("a||b", '|'), (std::vector<std::string_view>{"a", "", "b"}));
}

TEST(Text, KnowsAWord) {
  for (const std::string_view good : {"A", "_", "a1", "PORT_2"}) EXPECT_TRUE(is_word(good)) << good;
  for (const std::string_view bad : {"", "1a", "A-B", "A B", "\xC3\xA4"}) EXPECT_FALSE(is_word(bad)) << bad;
}

TEST(Text, ChangesCaseOfAsciiOnly) {
  EXPECT_EQ(upper("aZ\xC3\xA4"), "AZ\xC3\xA4");
  EXPECT_EQ(lower("aZ9I"), "az9i");
}

}  // namespace
}  // namespace twinshift::config
