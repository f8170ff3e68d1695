#include "config/env_file.hpp"

#include <fstream>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "tests/support/temporary_folder.hpp"

namespace twinshift::config {
namespace {

using namespace std::string_literals;

struct Case {
  std::string line;
  std::string name;
  std::string value;
};

class OneEntry : public testing::TestWithParam<Case> {};

TEST_P(OneEntry, IsRead) {
  const EnvFile file = parse_env(GetParam().line);
  ASSERT_EQ(file.entries.size(), 1U);
  EXPECT_TRUE(file.faults.empty());
  EXPECT_EQ(file.entries[0].name, GetParam().name);
  EXPECT_EQ(file.entries[0].value, GetParam().value);
  EXPECT_EQ(file.entries[0].line, 1U);
}

INSTANTIATE_TEST_SUITE_P(
    Lines, OneEntry,
    testing::Values(Case{"A=1", "A", "1"}, Case{"A=1\n", "A", "1"}, Case{"A=1\r\n", "A", "1"},
                    Case{"\xEF\xBB\xBF"s + "A=1", "A", "1"}, Case{"  export  A = 1  ", "A", "1"},
                    Case{"export\tA=1", "A", "1"}, Case{"export=1", "export", "1"}, Case{"exported=1", "exported", "1"},
                    Case{"A=", "A", ""}, Case{"A= # only a comment", "A", ""}, Case{"A=#x", "A", ""},
                    Case{"A=b # c", "A", "b"}, Case{"A=b\t# c", "A", "b"}, Case{"A=b c  d", "A", "b c  d"},
                    Case{"A=b=c==", "A", "b=c=="}, Case{"A==", "A", "="}, Case{"A=$HOME ${X}", "A", "$HOME ${X}"},
                    Case{"A='b # c'", "A", "b # c"}, Case{"A='b' # c", "A", "b"}, Case{"A='b'#c", "A", "b"},
                    Case{"A='b\\n\"c'", "A", "b\\n\"c"}, Case{"A=\"b\\nc\\rd\"", "A", "b\nc\rd"},
                    Case{"A=\"b\\\"c\"", "A", "b\"c"}, Case{"A=\"b\\tc\\\\d\"", "A", "b\\tc\\\\d"},
                    Case{"A=\"it's\"", "A", "it's"}, Case{"A=it's", "A", "it's"},
                    Case{"A=`b \"c\" 'd'`", "A", "b \"c\" 'd'"}, Case{"A=''", "A", ""}, Case{"A=\"\"", "A", ""},
                    Case{"A=\" b \"", "A", " b "}, Case{"A=\"b\r\nc\"", "A", "b\r\nc"}, Case{"A='b'\r\n", "A", "b"},
                    Case{"A="s + std::string("b\0c", 3), "A", std::string("b\0c", 3)},
                    Case{"A=\xFF\xFE", "A", "\xFF\xFE"}));

TEST(EnvFile, PassesOverCommentsAndBlankLines) {
  const EnvFile file = parse_env("# A=1\n\n   \n\t# x\r\n\r\nB=2\n#");
  ASSERT_EQ(file.entries.size(), 1U);
  EXPECT_EQ(file.entries[0].line, 6U);
  EXPECT_TRUE(file.faults.empty());
  EXPECT_TRUE(parse_env("").entries.empty());
}

TEST(EnvFile, CountsLinesAcrossAQuotedValue) {
  const EnvFile file = parse_env("KEY='-----BEGIN\nabc\n-----END' # key\nB=2\n");
  ASSERT_EQ(file.entries.size(), 2U);
  EXPECT_EQ(file.entries[0].value, "-----BEGIN\nabc\n-----END");
  EXPECT_EQ(file.entries[1].line, 4U);
}

TEST(EnvFile, KeepsDoublesInOrder) {
  const EnvFile file = parse_env("A=1\nA=2\n");
  ASSERT_EQ(file.entries.size(), 2U);
  EXPECT_EQ(file.entries[1].value, "2");
}

TEST(EnvFile, WarnsOfASignThatMayHaveBegunAComment) {
  const EnvFile file = parse_env("A=b#c\nB=b # c#d\n");
  ASSERT_EQ(file.entries.size(), 2U);
  EXPECT_EQ(file.entries[0].value, "b#c");
  ASSERT_EQ(file.warnings.size(), 1U);
  EXPECT_EQ(file.warnings[0].name, "A");
}

class NoEntry : public testing::TestWithParam<std::string> {};

TEST_P(NoEntry, IsAFaultWithItsLineAndWithoutItsText) {
  const EnvFile file = parse_env("A=1\n" + GetParam() + "\nB=2\n");
  ASSERT_EQ(file.faults.size(), 1U);
  EXPECT_EQ(file.faults[0].line, 2U);
  EXPECT_EQ(file.faults[0].text.find("hunter2"), std::string::npos);
  ASSERT_EQ(file.entries.size(), 2U) << "the neighbours are read";
  EXPECT_EQ(file.entries[1].line, 3U);
}

INSTANTIATE_TEST_SUITE_P(Lines, NoEntry,
                         testing::Values("hunter2", "=hunter2", "1A=hunter2", "A B=hunter2", "A-B=hunter2",
                                         "A='hunter2", "A=\"hunter2\\\"", "A=`hunter2", "A='x'hunter2",
                                         "A=\"x\" hunter2", "export A B=hunter2", "\xC3\xA4=hunter2",
                                         std::string("A\0=hunter2", 10), "{\"hunter2\":1}",
                                         "A=" + std::string(kEnvLineBytesMax, 'x')));

TEST(EnvFile, BoundsItsEntries) {
  std::string text;
  for (std::size_t i = 0; i < kEnvEntriesMax + 5; ++i) text += "A=1\n";
  const EnvFile file = parse_env(text);
  EXPECT_EQ(file.entries.size(), kEnvEntriesMax);
  EXPECT_EQ(file.faults.size(), 1U);
}

TEST(EnvFile, ReadsOpenQuotesAllOverAMegabyteInBoundedTime) {
  std::string text;
  while (text.size() < kEnvFileBytesMax) text += "A='" + std::string(100, 'x') + "\nB=\"\\\n";
  const EnvFile file = parse_env(text);
  EXPECT_LE(file.entries.size() + file.faults.size(), kEnvEntriesMax + 1);
}

TEST(EnvFile, TakesAnyBytes) {
  std::uint32_t state = 7;
  for (int round = 0; round < 300; ++round) {
    std::string text = "X=1\n";
    for (int i = 0; i < 200; ++i) {
      state = state * 1664525U + 1013904223U;
      constexpr std::string_view kLikely = "AB=\"'`#\n\r\\ \t$\0";
      text += (state >> 24U) % 3 != 0 ? kLikely[(state >> 8U) % kLikely.size()] : static_cast<char>(state >> 16U);
    }
    const EnvFile file = parse_env(text);
    EXPECT_GE(file.entries.size(), 1U);
    for (const EnvEntry& entry : file.entries) EXPECT_FALSE(entry.name.empty());
  }
}

class ReadFile : public testing::Test {
 protected:
  std::string path_to(const std::string& name) { return (folder_ / name).string(); }
  tests::TemporaryFolder folder_;
};

TEST_F(ReadFile, GivesItsBytesAndNothingWhereThereIsNone) {
  std::ofstream(path_to("a"), std::ios::binary) << "A=1\n"s + std::string("\0", 1);
  EXPECT_EQ(read_env_file(path_to("a")).value(), "A=1\n"s + std::string("\0", 1));
  EXPECT_EQ(read_env_file(path_to("missing")).value(), "");
  EXPECT_EQ(read_env_file(path_to("a/below")).value(), "");
}

TEST_F(ReadFile, RefusesWhatIsTooLarge) {
  std::ofstream(path_to("a")) << std::string(kEnvFileBytesMax, '#');
  EXPECT_TRUE(read_env_file(path_to("a")).has_value());
  std::ofstream(path_to("a"), std::ios::app) << '#';
  const auto refused = read_env_file(path_to("a"));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, base::ErrorKind::invalid);
}

TEST_F(ReadFile, RefusesFoldersAndPipesWithoutWaiting) {
  EXPECT_FALSE(read_env_file(folder_.string()).has_value());
  ASSERT_EQ(::mkfifo(path_to("pipe").c_str(), 0600), 0);
  EXPECT_FALSE(read_env_file(path_to("pipe")).has_value());
}

}  // namespace
}  // namespace twinshift::config
