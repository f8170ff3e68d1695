#include "config/token_list.hpp"

#include <string>

#include <gtest/gtest.h>

namespace twinshift::config {
namespace {

using namespace std::string_view_literals;

TEST(TokenList, HoldsTokensByAppAndForAll) {
  const auto list = parse_token_list("com.a=old-token , com.a=new_token,id123=two words,Bearer any.token");
  ASSERT_TRUE(list) << list.error().text();
  ASSERT_EQ(list->size(), 4U);
  EXPECT_EQ(list->at(0).app_id, "com.a");
  EXPECT_EQ(list->at(1).token, "new_token");
  EXPECT_EQ(list->at(2).token, "two words");
  EXPECT_EQ(list->at(3).app_id, "");
  EXPECT_EQ(list->at(3).token, "any.token");
  EXPECT_TRUE(parse_token_list("")->empty());
}

TEST(TokenList, NamesThePositionAndNeverTheValue) {
  for (const auto wrong : {"good-token,hush+hush=="sv, "good-token,app=hush=hush"sv, "good-token,=hush"sv,
                           "good-token,hush\xff"sv, "good-token,hush\0"sv, "good-token,hush hush=token"sv}) {
    const auto list = parse_token_list(wrong);
    ASSERT_FALSE(list) << wrong;
    EXPECT_NE(list.error().message.find("entry 2"), std::string::npos) << list.error().text();
    EXPECT_EQ(list.error().text().find("hush"), std::string::npos) << list.error().text();
  }
  EXPECT_FALSE(parse_token_list("a,,b"));
  EXPECT_FALSE(parse_token_list("app="));
  EXPECT_TRUE(parse_token_list(std::string(kTokenBytesMax, 'a')));
  EXPECT_FALSE(parse_token_list(std::string(kTokenBytesMax + 1, 'a')));
  std::string many = "a";
  for (std::size_t i = 0; i < kTokensMax; ++i) many += ",a";
  EXPECT_FALSE(parse_token_list(many));
}

TEST(TokenList, ReadsLinesOfAFile) {
  const auto list = parse_token_lines("# ours\r\n\ncom.a=one # until May\r\ntwo\n", "tokens.txt");
  ASSERT_TRUE(list) << list.error().text();
  ASSERT_EQ(list->size(), 2U);
  EXPECT_EQ(list->at(0).token, "one");
  EXPECT_EQ(list->at(1).token, "two");
  const auto wrong = parse_token_lines("one\n\nhush+\n", "tokens.txt");
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().text().find("line 3"), std::string::npos);
  EXPECT_NE(wrong.error().text().find("tokens.txt"), std::string::npos);
  EXPECT_EQ(wrong.error().text().find("hush"), std::string::npos);
}

TEST(TokenList, ReadsAFileWithAByteOrderMark) {
  for (const std::string text : {"\xEF\xBB\xBF"
                                 "com.a=one\r\n",
                                 "\xEF\xBB\xBF# ours\ncom.a=one\n"}) {
    const auto list = parse_token_lines(text, "tokens.txt");
    ASSERT_TRUE(list) << list.error().text();
    ASSERT_EQ(list->size(), 1U);
    EXPECT_EQ(list->at(0).app_id, "com.a");
    EXPECT_EQ(list->at(0).token, "one");
  }
  EXPECT_FALSE(parse_token_lines("one\n\xEF\xBB\xBFtwo\n", "tokens.txt")) << "only at the beginning";
}

TEST(TokenList, AnEmptiedFileIsNoListOfNone) {
  EXPECT_FALSE(parse_token_lines("", "tokens.txt"));
  EXPECT_FALSE(parse_token_lines("# all gone\n", "tokens.txt"));
}

TEST(TokenList, ShowsABareTokenWhateverItsScheme) {
  EXPECT_EQ(bare_token(" \tabc "), "abc");
  EXPECT_EQ(bare_token("Bearer abc"), "abc");
  EXPECT_EQ(bare_token("bEARER \t abc"), "abc");
  EXPECT_EQ(bare_token("Bearerabc"), "Bearerabc");
  EXPECT_EQ(bare_token("Bearer"), "Bearer");
  EXPECT_EQ(bare_token("Basic abc"), "Basic abc");
}

TEST(TokenList, TakesTheHeaderNamesThatAppsFlyerTakes) {
  for (const auto good : {"Authorization"sv, "authorization"sv, "X-AF-Token"sv, "x-token_1"sv}) {
    EXPECT_EQ(header_name_fault(good), "") << good;
  }
  for (const auto bad : {""sv, "X-"sv, "Token"sv, "X-A B"sv, "X-A:"sv, "X-\xff"sv, "X-Forwarded-For"sv,
                         "X-234567890123456789012345678901"sv, "X-A\r\nB"sv}) {
    EXPECT_NE(header_name_fault(bad), "") << bad;
  }
}

}  // namespace
}  // namespace twinshift::config
