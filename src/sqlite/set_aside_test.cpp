#include "sqlite/set_aside.hpp"

#include <filesystem>
#include <fstream>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.hpp"

namespace twinshift::sqlite {
namespace {

using ::testing::ElementsAre;

class SetAsideTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return (folder_ / "books.db").string(); }
  void write(const std::string& ending) const { std::ofstream(path() + ending) << "damaged"; }
  [[nodiscard]] std::set<std::string> names() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) names.insert(entry.path().filename());
    return names;
  }
  tests::TemporaryFolder folder_;
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

}  // namespace
}  // namespace twinshift::sqlite
