#include "sqlite/data_folder.hpp"

#include <optional>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.hpp"

namespace twinshift::sqlite {
namespace {

class DataFolderTest : public ::testing::Test {
 protected:
  tests::TemporaryFolder folder_;
  const std::filesystem::path& top_ = folder_.path();
};

TEST_F(DataFolderTest, CreatesAPrivateFolderWithItsParents) {
  const auto opened = DataFolder::open(top_ / "a" / "data");
  ASSERT_TRUE(opened);
  struct stat found{};
  ASSERT_EQ(::stat((top_ / "a" / "data").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0700U);
}

TEST_F(DataFolderTest, RefusesASecondOwnerAndNamesTheFirst) {
  const auto first = DataFolder::open(top_);
  ASSERT_TRUE(first);
  const auto second = DataFolder::open(top_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, base::ErrorKind::conflict);
  EXPECT_THAT(second.error().message, ::testing::HasSubstr("process id " + std::to_string(::getpid())));
}

TEST_F(DataFolderTest, IsFreeAgainAfterItsOwnerIsGone) {
  std::optional<DataFolder> kept;
  {
    auto first = DataFolder::open(top_);
    ASSERT_TRUE(first);
    kept.emplace(std::move(*first));
  }
  EXPECT_FALSE(DataFolder::open(top_)) << "moving must not give the lock away";
  kept.reset();
  EXPECT_TRUE(DataFolder::open(top_));
}

TEST_F(DataFolderTest, LeavesAnExistingFoldersMode) {
  ASSERT_EQ(::chmod(top_.c_str(), 0755), 0);
  EXPECT_TRUE(DataFolder::open(top_));
  struct stat found{};
  ASSERT_EQ(::stat(top_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0755U);
}

TEST_F(DataFolderTest, RefusesAFileInItsPlace) {
  const auto file = top_ / "file";
  {
    const auto folder = DataFolder::open(top_);
  }
  std::filesystem::copy_file(top_ / "twinshift.lock", file);
  const auto opened = DataFolder::open(file);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, base::ErrorKind::unavailable);
}

}  // namespace
}  // namespace twinshift::sqlite
