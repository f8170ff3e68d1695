#include "app/parity_file.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/temporary_folder.hpp"

namespace twinshift::app {
namespace {

using namespace std::chrono_literals;

const std::string kPair = "0123456789abcdef";
constexpr base::WallTime kAt{std::chrono::microseconds(1'795'000'000'123'456)};

class ParityFile : public ::testing::Test {
 protected:
  void write(const std::string& text) const { std::ofstream(folder_.path() / "parity.txt") << text; }
  [[nodiscard]] std::optional<KeptParity> read(base::WallTime now = kAt + 1h) const {
    return kept_parity(folder_.path(), kPair, now);
  }
  tests::TemporaryFolder folder_;
};

TEST_F(ParityFile, TellsWhatWasKept) {
  EXPECT_FALSE(read());
  ASSERT_TRUE(keep_parity(folder_.path(), {.pair = kPair, .equal_at = kAt - 1h, .up_to = kAt - 1h, .except = 3}));
  ASSERT_TRUE(keep_parity(
      folder_.path(), {.pair = kPair, .equal_at = kAt, .up_to = kAt - 2min, .others_oldest = kAt - 5min, .except = 4}));
  const auto kept = read();
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->equal_at, kAt);
  EXPECT_EQ(kept->up_to, kAt - 2min);
  EXPECT_EQ(kept->others_oldest, kAt - 5min);
  EXPECT_EQ(kept->except, 4U);
}

TEST_F(ParityFile, AnotherPairOrTheFutureIsNothing) {
  ASSERT_TRUE(keep_parity(folder_.path(), {.pair = kPair, .equal_at = kAt, .up_to = kAt}));
  EXPECT_TRUE(read());
  EXPECT_FALSE(read()->others_oldest);
  EXPECT_FALSE(read(kAt - 1s));
  EXPECT_FALSE(kept_parity(folder_.path(), "fedcba9876543210", kAt));
}

TEST_F(ParityFile, ThePairIsItsTwoTables) {
  config::Settings settings;
  settings.primary.shown = "postgresql://one/a";
  settings.secondary.emplace();
  settings.secondary->shown = "postgresql://two/a";
  const std::string pair = pair_of(settings);
  EXPECT_EQ(pair.size(), 16U);
  EXPECT_EQ(pair_of(settings), pair);
  settings.secondary->table = "other";
  EXPECT_NE(pair_of(settings), pair);
}

TEST_F(ParityFile, WhatIsNotOursIsPassedOver) {
  const std::string head = "twinshift parity 1\npair " + kPair + "\n";
  for (const std::string& text :
       {std::string(), std::string("twinshift parity 2\n"),
        head + "equal-at-us -5\nup-to-us 1\nothers-oldest-us 0\nexcept 0\n",
        head + "equal-at-us 5\nup-to-us 6\nothers-oldest-us 0\nexcept 0\n", head + "equal-at-us x\n",
        std::string("twinshift parity 1\npair ffffffffffffffffffffffffffffffffffff"), std::string("\xff\xfe")}) {
    write(text);
    EXPECT_FALSE(read()) << text;
  }
}

TEST_F(ParityFile, AFolderThatCannotBeWrittenIsSaid) {
  const auto kept = keep_parity(folder_.path() / "none", {.pair = kPair, .equal_at = kAt, .up_to = kAt});
  ASSERT_FALSE(kept);
  EXPECT_NE(kept.error().where.find("parity.txt"), std::string::npos);
}

}  // namespace
}  // namespace twinshift::app
