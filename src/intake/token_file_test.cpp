#include "intake/token_file.hpp"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "tests/support/temporary_folder.hpp"

namespace twinshift::intake {
namespace {

class TokenFileTest : public ::testing::Test {
 protected:
  // Beside it, then under its name: a new file each time, whatever the clock's step.
  void write(const std::string& text) {
    const auto beside = folder_ / "new";
    std::ofstream(beside, std::ios::binary) << text;
    std::filesystem::rename(beside, path_);
  }
  tests::TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "tokens.txt";
  TokenFile file_{path_};
};

TEST_F(TokenFileTest, IsReadWhenItChanges) {
  write("one\n");
  auto first = file_.read_if_changed();
  ASSERT_TRUE(first && *first);
  EXPECT_EQ((*first)->at(0).token, "one");
  auto same = file_.read_if_changed();
  ASSERT_TRUE(same);
  EXPECT_FALSE(*same);
  write("one\napp=two\n");
  auto second = file_.read_if_changed();
  ASSERT_TRUE(second && *second);
  EXPECT_EQ((*second)->at(1).app_id, "app");
}

TEST_F(TokenFileTest, TellsAFaultOnce) {
  EXPECT_FALSE(file_.read_if_changed()) << "it is not there";
  EXPECT_TRUE(file_.read_if_changed());
  write("hush+hush\n");
  const auto broken = file_.read_if_changed();
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().text().find("hush"), std::string::npos);
  EXPECT_TRUE(file_.read_if_changed());
  write("");
  EXPECT_FALSE(file_.read_if_changed()) << "emptied";
  write("good\n");
  const auto good = file_.read_if_changed();
  EXPECT_TRUE(good && *good);
}

TEST_F(TokenFileTest, TakesNothingThatItCouldWaitFor) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_FALSE(file_.read_if_changed());
  std::filesystem::remove(path_);
  std::filesystem::create_directory(path_);
  EXPECT_FALSE(file_.read_if_changed());
}

}  // namespace
}  // namespace twinshift::intake
