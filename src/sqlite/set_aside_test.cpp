#include "sqlite/set_aside.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace twinshift::sqlite {
namespace {

using ::testing::ElementsAre;

class SetAsideTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "twinshift-aside-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  [[nodiscard]] std::string path() const { return folder_ + "/books.db"; }
  void write(const std::string& ending) const { std::ofstream(path() + ending) << "damaged"; }
  [[nodiscard]] std::set<std::string> names() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) names.insert(entry.path().filename());
    return names;
  }
  std::string folder_;
  const base::Error why_{base::ErrorKind::corrupt, "not a database", "books.db", {}};
};

TEST_F(SetAsideTest, TakesWhatBelongsToTheDatabaseAlongAndKeepsThree) {
  const base::WallTime start(std::chrono::hours(480'000));
  for (int second = 0; second < 5; ++second) {
    write("");
    write("-wal");
    write(".other");
    ASSERT_TRUE(set_aside(path(), start + std::chrono::seconds(second), why_));
  }
  EXPECT_THAT(names(), ElementsAre("books.db.damaged-20241004T000002000Z", "books.db.damaged-20241004T000002000Z-wal",
                                   "books.db.damaged-20241004T000003000Z", "books.db.damaged-20241004T000003000Z-wal",
                                   "books.db.damaged-20241004T000004000Z", "books.db.damaged-20241004T000004000Z-wal",
                                   "books.db.other"));
}

TEST_F(SetAsideTest, DamageIsFoundAndASoundFileIsNot) {
  {
    auto database = Database::open(path(), OpenMode::create).value();
    ASSERT_TRUE(database.execute("CREATE TABLE t(a); INSERT INTO t VALUES (zeroblob(100000))"));
    EXPECT_TRUE(check_sound(database));
  }
  std::filesystem::resize_file(path(), 8'192);
  auto database = Database::open(path(), OpenMode::read_write).value();
  EXPECT_EQ(check_sound(database).error().kind, base::ErrorKind::corrupt);
}

}  // namespace
}  // namespace twinshift::sqlite
