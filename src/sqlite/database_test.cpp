#include "sqlite/database.hpp"

#include <filesystem>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.hpp"

namespace twinshift::sqlite {
namespace {

class DatabaseTest : public ::testing::Test {
 protected:
  Database create() { return std::move(Database::open(path(), OpenMode::create).value()); }
  std::string path() const { return (folder_ / "test.db").string(); }
  tests::TemporaryFolder folder_;
};

TEST_F(DatabaseTest, OpensOnlyWhatIsThereUnlessToldToCreate) {
  EXPECT_EQ(Database::open(path(), OpenMode::read_write).error().kind, base::ErrorKind::not_found);
  EXPECT_EQ(Database::open(path(), OpenMode::read_only).error().kind, base::ErrorKind::not_found);
  create();
  struct stat found{};
  ASSERT_EQ(::stat(path().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
}

TEST_F(DatabaseTest, KeepsBytesAsTheyAre) {
  auto database = create();
  ASSERT_TRUE(database.execute("CREATE TABLE t(a, b, c)"));
  const std::string bytes("a\0\xff", 3);
  auto insert = database.prepare("INSERT INTO t VALUES (?, ?, ?)").value();
  insert.bind_blob(1, bytes);
  insert.bind_text(2, {});
  insert.bind_null(3);
  ASSERT_TRUE(insert.run());
  auto select = database.prepare("SELECT a, b, c FROM t").value();
  ASSERT_TRUE(select.step().value());
  EXPECT_EQ(select.text(0), bytes);
  EXPECT_FALSE(select.is_null(1)) << "an empty text is not NULL";
  EXPECT_TRUE(select.is_null(2));
  EXPECT_FALSE(select.step().value());
}

TEST_F(DatabaseTest, ATransactionThatIsLeftIsRolledBack) {
  auto database = create();
  ASSERT_TRUE(database.execute("CREATE TABLE t(a)"));
  {
    auto transaction = Transaction::begin(database);
    ASSERT_TRUE(transaction && database.execute("INSERT INTO t VALUES (1)"));
  }
  EXPECT_FALSE(database.in_transaction());
  EXPECT_EQ(database.integer("SELECT count(*) FROM t").value(), 0);
  auto kept = Transaction::begin(database);
  ASSERT_TRUE(kept && database.execute("INSERT INTO t VALUES (1)") && kept->commit());
  EXPECT_EQ(database.integer("SELECT count(*) FROM t").value(), 1);
}

TEST_F(DatabaseTest, NamesTheKindOfAnError) {
  auto database = create();
  ASSERT_TRUE(database.execute("CREATE TABLE t(a UNIQUE); INSERT INTO t VALUES (1); PRAGMA max_page_count=3"));
  EXPECT_EQ(database.execute("INSERT INTO t VALUES (1)").error().kind, base::ErrorKind::rejected);
  EXPECT_EQ(database.execute("SELEC").error().kind, base::ErrorKind::invalid);
  const auto full = database.execute("INSERT INTO t VALUES (zeroblob(1000000))");
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().kind, base::ErrorKind::full);
  EXPECT_FALSE(full.error().hint.empty());
}

TEST_F(DatabaseTest, NoticesDamage) {
  {
    auto database = create();
    ASSERT_TRUE(database.execute("CREATE TABLE t(a)"));
  }
  std::filesystem::resize_file(path(), 100);
  auto damaged = Database::open(path(), OpenMode::read_write);
  ASSERT_TRUE(damaged);
  EXPECT_FALSE(damaged->execute("SELECT * FROM t"));
}

TEST_F(DatabaseTest, TheOwnerCheckpoints) {
  auto database = create();
  ASSERT_TRUE(database.use_durable_wal());
  database.watch_wal();
  ASSERT_TRUE(database.execute("CREATE TABLE t(a)"));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(database.execute("INSERT INTO t VALUES (zeroblob(4000000))"));
  EXPECT_GT(database.wal_pages(), 2000U) << "SQLite's own checkpoint at 1,000 pages must not come";
  const auto report = database.checkpoint(CheckpointMode::passive).value();
  EXPECT_EQ(report.log_pages, database.wal_pages());
  EXPECT_EQ(report.copied_pages, report.log_pages);
  ASSERT_TRUE(database.checkpoint(CheckpointMode::truncate));
  EXPECT_EQ(std::filesystem::file_size(path() + "-wal"), 0U);
}

TEST_F(DatabaseTest, TellsWhetherAStatementWrites) {
  auto database = create();
  ASSERT_TRUE(database.execute("CREATE TABLE t(a)"));
  EXPECT_TRUE(database.prepare("SELECT * FROM t").value().is_read_only());
  EXPECT_FALSE(database.prepare("DELETE FROM t").value().is_read_only());
  EXPECT_EQ(database.prepare("  ").error().kind, base::ErrorKind::invalid);
}

}  // namespace
}  // namespace twinshift::sqlite
