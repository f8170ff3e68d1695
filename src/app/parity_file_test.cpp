#include "app/parity_file.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/temporary_folder.hpp"

namespace twinshift::app {
namespace {

class ParityFile : public ::testing::Test {
 protected:
  void write(const std::string& text) const { std::ofstream(folder_.path() / "parity.txt") << text; }
  tests::TemporaryFolder folder_;
};

TEST_F(ParityFile, TellsWhatWasKept) {
  EXPECT_FALSE(kept_parity(folder_.path()));
  const base::WallTime at{std::chrono::microseconds(1'795'000'000'123'456)};
  ASSERT_TRUE(keep_parity(folder_.path(), {at, 3}));
  ASSERT_TRUE(keep_parity(folder_.path(), {at + std::chrono::hours(1), 4}));
  const auto kept = kept_parity(folder_.path());
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->equal_at, at + std::chrono::hours(1));
  EXPECT_EQ(kept->except, 4U);
}

TEST_F(ParityFile, WhatIsNotOursIsPassedOver) {
  for (const char* text :
       {"", "twinshift parity 2\nequal-at-us 5\nexcept 0\n", "twinshift parity 1\nequal-at-us -5\nexcept 0\n",
        "twinshift parity 1\nequal-at-us x\n", "\xff\xfe"}) {
    write(text);
    EXPECT_FALSE(kept_parity(folder_.path())) << text;
  }
}

TEST_F(ParityFile, AFolderThatCannotBeWrittenIsSaid) {
  const auto kept = keep_parity(folder_.path() / "none", {base::WallTime(std::chrono::seconds(1)), 0});
  ASSERT_FALSE(kept);
  EXPECT_NE(kept.error().where.find("parity.txt"), std::string::npos);
}

}  // namespace
}  // namespace twinshift::app
