#include "aws/command_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace twinshift::aws {
namespace {

using testing::ElementsAre;

std::vector<std::string> words(std::string_view command) {
  auto split = split_command(command);
  return split ? *split : std::vector<std::string>{"refused"};
}

TEST(CommandLine, IsSplitAtBlanks) {
  EXPECT_THAT(words("/opt/bin/get --profile a"), ElementsAre("/opt/bin/get", "--profile", "a"));
  EXPECT_THAT(words("  get\t-x  \n"), ElementsAre("get", "-x"));
}

TEST(CommandLine, IsQuotedAsAShellWould) {
  EXPECT_THAT(words(R"("/opt/my bin/get" 'a b' "c\"d" "e\\f" "g\h" i\ j "" 'k\')"),
              ElementsAre("/opt/my bin/get", "a b", "c\"d", "e\\f", "g\\h", "i j", "", "k\\"));
  EXPECT_THAT(words(R"(a"b c"'d'e)"), ElementsAre("ab cde"));
}

TEST(CommandLine, MeansNothingElseToUs) {
  EXPECT_THAT(words("get $HOME `id` $(id) ~ * ; rm | x > y & # z"),
              ElementsAre("get", "$HOME", "`id`", "$(id)", "~", "*", ";", "rm", "|", "x", ">", "y", "&", "#", "z"));
}

TEST(CommandLine, ThatCannotBeOneIsRefusedUnquoted) {
  std::string many;
  for (std::size_t i = 0; i <= kCommandWordsMax; ++i) many += "w ";
  for (const std::string& command :
       {std::string(), std::string("  "), std::string("get 'hunter2"), std::string("get \"hunter2"),
        std::string("get hunter2\\"), std::string("'' x"), std::string("get\0hunter2", 11), many}) {
    const auto split = split_command(command);
    ASSERT_FALSE(split) << command;
    EXPECT_EQ(split.error().kind, base::ErrorKind::invalid);
    EXPECT_EQ(split.error().text().find("hunter2"), std::string::npos);
  }
}

}  // namespace
}  // namespace twinshift::aws
