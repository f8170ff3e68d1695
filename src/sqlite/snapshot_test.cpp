#include "sqlite/snapshot.hpp"

#include <filesystem>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "sqlite/salvage.hpp"
#include "tests/support/temporary_folder.hpp"

namespace twinshift::sqlite {
namespace {

namespace fs = std::filesystem;

class SnapshotTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = Database::open(source_, OpenMode::create);
    ASSERT_TRUE(opened);
    writer_.emplace(std::move(*opened));
    ASSERT_TRUE(writer_->execute("PRAGMA page_size=1024; PRAGMA auto_vacuum=INCREMENTAL"));
    ASSERT_TRUE(writer_->use_durable_wal());
    ASSERT_TRUE(writer_->execute("CREATE TABLE t(a INTEGER PRIMARY KEY, b BLOB)"));
    write(4'000);
  }
  void write(int rows) {
    ASSERT_TRUE(writer_->execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
                                 std::to_string(rows) + ") INSERT INTO t(b) SELECT zeroblob(900) FROM n"));
  }
  std::int64_t rows_in_copy() {
    auto copy = Database::open(copy_, OpenMode::read_only);
    return copy ? copy->integer("SELECT count(*) FROM t").value_or(-1) : -2;
  }

  tests::TemporaryFolder folder_;
  const std::string source_ = (folder_ / "source.db").string();
  const std::string copy_ = (folder_ / "copy.db").string();
  std::optional<Database> writer_;
};

TEST_F(SnapshotTest, CopiesTheMomentWhateverIsWrittenMeanwhile) {
  auto snapshot = Snapshot::open(source_);
  ASSERT_TRUE(snapshot) << snapshot.error().text();
  write(1);  // after opening, before the moment
  ASSERT_TRUE(snapshot->begin());
  write(10);
  std::uint64_t steps = 0;
  auto copied = snapshot->copy_to(copy_, [&](std::uint64_t) {
    ++steps;
    write(1);
    return base::Status();
  });
  ASSERT_TRUE(copied) << copied.error().text();
  EXPECT_GE(steps, 3U);  // small ones
  EXPECT_EQ(rows_in_copy(), 4'001);
  EXPECT_EQ(fs::file_size(copy_), snapshot->bytes());
  EXPECT_EQ(*damage_of(copy_), std::nullopt);
}

TEST_F(SnapshotTest, ACopyIsOneFileOfItsOwnerAlone) {
  auto snapshot = Snapshot::open(source_);
  ASSERT_TRUE(snapshot && snapshot->begin());
  ASSERT_TRUE(snapshot->copy_to(copy_, [](std::uint64_t) { return base::Status(); }));
  EXPECT_EQ(rows_in_copy(), 4'000);
  for (const char* ending : {"-wal", "-shm", "-journal"}) EXPECT_FALSE(fs::exists(copy_ + ending)) << ending;
  struct stat found{};
  ASSERT_EQ(::stat(copy_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
}

TEST_F(SnapshotTest, ReleasedItLetsTheLogBeUsedAgain) {
  auto snapshot = Snapshot::open(source_);
  ASSERT_TRUE(snapshot && snapshot->begin());
  write(1);
  EXPECT_FALSE(writer_->checkpoint(CheckpointMode::truncate));  // it would have to wait
  snapshot->release();
  EXPECT_TRUE(writer_->checkpoint(CheckpointMode::truncate));
}

TEST_F(SnapshotTest, AnErrorAfterAStepEndsIt) {
  auto snapshot = Snapshot::open(source_);
  ASSERT_TRUE(snapshot && snapshot->begin());
  auto copied = snapshot->copy_to(
      copy_, [](std::uint64_t) { return base::Status(base::fail(base::ErrorKind::full, "no room", "here")); });
  ASSERT_FALSE(copied);
  EXPECT_EQ(copied.error().message, "no room");
}

TEST_F(SnapshotTest, BeganAnewItIsALaterMoment) {
  auto snapshot = Snapshot::open(source_);
  ASSERT_TRUE(snapshot && snapshot->begin());
  write(5);
  ASSERT_TRUE(snapshot->begin());
  ASSERT_TRUE(snapshot->copy_to(copy_, [](std::uint64_t) { return base::Status(); }));
  EXPECT_EQ(rows_in_copy(), 4'005);
}

}  // namespace
}  // namespace twinshift::sqlite
