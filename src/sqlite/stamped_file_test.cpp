#include "sqlite/stamped_file.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.hpp"

namespace twinshift::sqlite {
namespace {

using base::ErrorKind;
using ::testing::HasSubstr;

constexpr std::array<const char*, 2> kSteps = {"CREATE TABLE t(a)", "CREATE TABLE u(b); INSERT INTO t VALUES (2)"};
constexpr FileFormat kSecond{.application_id = 77, .what = "test", .steps = kSteps, .incremental_vacuum = true};

FileFormat first() {
  FileFormat format = kSecond;
  format.steps = format.steps.first(1);
  return format;
}

class StampedFileTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return (folder_ / "test.db").string(); }
  void execute(const std::string& sql) const {
    auto file = Database::open(path(), OpenMode::create);
    ASSERT_TRUE(file && file->execute(sql));
  }
  [[nodiscard]] std::int64_t number(const std::string& sql) const {
    return Database::open(path(), OpenMode::read_only).value().integer(sql).value();
  }
  // Opens it, brings it up to date and closes it; the version it had.
  [[nodiscard]] std::int64_t take(const FileFormat& format) const {
    auto file = open_stamped(path(), format);
    EXPECT_TRUE(file) << file.error().text();
    if (!file) return -1;
    const auto done = bring_up_to_date(*file, format);
    EXPECT_TRUE(done) << done.error().text();
    return file->version;
  }
  [[nodiscard]] std::string bytes() const {
    std::ifstream in(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // Neither who writes nor who reads may have it; it stays as it is.
  void expect_conflict(const FileFormat& format, const std::string& message) const {
    const std::string before = bytes();
    for (const auto& opened : {open_stamped(path(), format), open_stamped_for_reading(path(), format)}) {
      ASSERT_FALSE(opened);
      EXPECT_EQ(opened.error().kind, ErrorKind::conflict);
      EXPECT_THAT(opened.error().message, HasSubstr(message));
    }
    EXPECT_TRUE(bytes() == before);
  }
  tests::TemporaryFolder folder_;
};

TEST_F(StampedFileTest, IsMadeOnce) {
  EXPECT_EQ(take(kSecond), 0);
  EXPECT_EQ(number("PRAGMA application_id"), 77);
  EXPECT_EQ(number("PRAGMA user_version"), 2);
  EXPECT_EQ(number("PRAGMA auto_vacuum"), 2);
  EXPECT_EQ(take(kSecond), 2);
  EXPECT_EQ(number("SELECT count(*) FROM t"), 1);
}

TEST_F(StampedFileTest, HasItsPagesSizeFromTheBeginning) {
  FileFormat format = kSecond;
  format.page_bytes = 16'384;
  EXPECT_EQ(take(format), 0);
  EXPECT_EQ(number("PRAGMA page_size"), 16'384);
  format.page_bytes = 4'096;
  EXPECT_EQ(take(format), 2);
  EXPECT_EQ(number("PRAGMA page_size"), 16'384);
}

TEST_F(StampedFileTest, OfAnOlderVersionGetsTheStepsThatItLacks) {
  EXPECT_EQ(take(first()), 0);
  execute("INSERT INTO t VALUES (1)");
  const auto reader = open_stamped_for_reading(path(), kSecond);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->version, 1);
  EXPECT_EQ(number("PRAGMA user_version"), 1) << "who reads changes nothing";
  EXPECT_EQ(take(kSecond), 1);
  EXPECT_EQ(number("SELECT sum(a) FROM t"), 3);
}

TEST_F(StampedFileTest, OfANewerVersionIsRefusedByName) {
  EXPECT_EQ(take(kSecond), 0);
  FileFormat older = first();
  expect_conflict(older, "the file (test) has format version 2, this program knows versions up to 1");
  older.newer_cure = "Drain it";
  EXPECT_EQ(open_stamped(path(), older).error().hint, "Drain it");
  execute("PRAGMA user_version=-1");
  expect_conflict(kSecond, "format version -1");
}

TEST_F(StampedFileTest, OfAnotherProgramIsRefused) {
  execute("CREATE TABLE theirs(x)");
  expect_conflict(kSecond, "none of ours (test)");
}

TEST_F(StampedFileTest, WithAnotherStampIsRefusedAlsoWhereItIsEmpty) {
  execute("PRAGMA application_id=4711");
  expect_conflict(kSecond, "none of ours (test)");
}

// Killed between its first two writes: a page that notes WAL mode, no stamp, no table.
TEST_F(StampedFileTest, ThatIsUnfinishedIsMade) {
  execute("PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL");
  EXPECT_EQ(open_stamped_for_reading(path(), kSecond).error().kind, ErrorKind::not_found);
  EXPECT_EQ(take(kSecond), 0);
  EXPECT_EQ(number("PRAGMA auto_vacuum"), 2);
}

TEST_F(StampedFileTest, IsNotMadeByReading) {
  EXPECT_EQ(open_stamped_for_reading(path(), kSecond).error().kind, ErrorKind::not_found);
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(StampedFileTest, IsMadeWholeOrNotAtAll) {
  auto file = open_stamped(path(), kSecond);
  ASSERT_TRUE(file);
  const auto failed = bring_up_to_date(*file, kSecond, [&] {
    EXPECT_EQ(file->database.integer("SELECT a FROM t").value(), 2) << "after the steps";
    return base::fail(ErrorKind::full, "no room", "test");
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::full);
  EXPECT_EQ(file->database.integer("SELECT count(*) FROM sqlite_schema").value(), 0);
  EXPECT_EQ(file->database.integer("PRAGMA user_version").value(), 0);
  EXPECT_EQ(file->database.integer("PRAGMA application_id").value(), 0);
  EXPECT_EQ(take(kSecond), 0);
}

TEST_F(StampedFileTest, LookingThroughFindsDamage) {
  EXPECT_EQ(take(kSecond), 0);
  auto file = Database::open(path(), OpenMode::read_write);
  ASSERT_TRUE(file);
  EXPECT_TRUE(look_through(*file, "test", 100));
  const std::int64_t page_bytes = file->integer("PRAGMA page_size").value();
  const std::int64_t root = file->integer("SELECT rootpage FROM sqlite_schema WHERE name = 't'").value();
  file = Database::open(path(), OpenMode::read_write);  // closed meanwhile: all is in the file
  ASSERT_TRUE(file);
  std::fstream(path(), std::ios::binary | std::ios::in | std::ios::out).seekp((root - 1) * page_bytes)
      << std::string(100, '\xFF');
  const auto found = look_through(*file, "test", 100);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::corrupt);
  EXPECT_THAT(found.error().message, HasSubstr("the test's file is damaged"));
  EXPECT_TRUE(look_through(*file, "test", 1)) << "larger than that";
}

}  // namespace
}  // namespace twinshift::sqlite
