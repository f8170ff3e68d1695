#include "app/damaged_file.hpp"

#include <filesystem>

#include <gtest/gtest.h>

#include "sqlite/database.hpp"
#include "tests/support/temporary_folder.hpp"

namespace twinshift::app {
namespace {

constexpr const char* kEarlier = "20260101T000000000Z";

void make(const std::string& path) {
  auto database = sqlite::Database::open(path, sqlite::OpenMode::create);
  ASSERT_TRUE(database);
  ASSERT_TRUE(database->execute("CREATE TABLE IF NOT EXISTS t (id INTEGER); INSERT INTO t VALUES (1)"));
}

class DamagedFile : public ::testing::Test {
 protected:
  void cut_short() {
    make(path + ".damaged-" + kEarlier);
    make(path + ".rebuilding-" + kEarlier);
  }
  tests::TemporaryFolder folder;
  const std::string path = (folder.path() / "secondary.db").string();
  const base::WallTime now{std::chrono::seconds(1'800'000'000)};
};

TEST_F(DamagedFile, ARunThatGoesOnNamesTheFileThatTheFirstOneKept) {
  cut_short();
  const auto done = replace_file(path, now);
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_EQ(done->aside, path + ".damaged-" + kEarlier);
  EXPECT_TRUE(std::filesystem::exists(done->aside));
}

TEST_F(DamagedFile, AlsoWhereAServiceHasBegunAnotherMeanwhile) {
  cut_short();
  make(path);
  const auto done = replace_file(path, now);
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_EQ(done->aside, path + ".damaged-" + kEarlier);
  EXPECT_EQ(done->rows, 2U);
}

}  // namespace
}  // namespace twinshift::app
