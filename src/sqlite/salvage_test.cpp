#include "sqlite/salvage.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sqlite/database.hpp"
#include "sqlite/row_ranges.hpp"
#include "tests/support/temporary_folder.hpp"

namespace twinshift::sqlite {
namespace {

using ::testing::ElementsAre;

constexpr int kPage = 4096;
constexpr std::uint64_t kFailuresMax = 20'000;
constexpr std::int64_t kRows = 4'000;
constexpr std::int64_t kRowsOfAPageMax = 8;

TEST(RowRangesTest, AsksForAllAtOnceWhereAllCanBeRead) {
  RowRanges ranges({1, 100}, 10);
  EXPECT_EQ(ranges.next(), (RowRange{1, 100}));
  EXPECT_EQ(ranges.next(), std::nullopt);
  EXPECT_FALSE(ranges.any_failed());
}

TEST(RowRangesTest, HalvesWhatIsBehindTheLastRowThatCouldBeRead) {
  RowRanges ranges({1, 100}, 10);
  ranges.failed(*ranges.next(), 60);
  EXPECT_EQ(ranges.next(), (RowRange{61, 80}));
  EXPECT_EQ(ranges.next(), (RowRange{81, 100}));
  EXPECT_EQ(ranges.next(), std::nullopt);
  EXPECT_TRUE(ranges.any_failed());
}

TEST(RowRangesTest, ComesToAnEndWhateverADamagedPageTells) {
  for (const std::int64_t told :
       {std::int64_t{-5}, std::int64_t{0}, std::int64_t{7}, std::numeric_limits<std::int64_t>::max()}) {
    RowRanges ranges({1, 1'000}, 100'000);
    std::size_t asked = 0;
    for (auto range = ranges.next(); range; range = ranges.next(), ++asked) ranges.failed(*range, told);
    EXPECT_LE(asked, 2'000U) << told;
  }
}

TEST(RowRangesTest, GivesUpAfterSoManyFailures) {
  RowRanges ranges({std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}, 1'000);
  std::size_t asked = 0;
  for (auto range = ranges.next(); range; range = ranges.next(), ++asked) ranges.failed(*range, std::nullopt);
  EXPECT_EQ(asked, 1'000U);
}

bool is_sound(const std::string& path) {
  const auto damage = damage_of(path);
  return damage && !*damage;
}

class SalvageTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return (folder_ / "events.db").string(); }
  [[nodiscard]] std::string into() const { return (folder_ / "fresh.db").string(); }

  static void run(const std::string& path, const std::string& sql) {
    auto database = Database::open(path, OpenMode::create);
    ASSERT_TRUE(database);
    ASSERT_TRUE(database->execute("PRAGMA page_size=" + std::to_string(kPage) + ";" + sql));
  }
  // Rows of some 550 bytes, seven to a page.
  void fill(const std::string& more = "") const {
    run(path(),
        "CREATE TABLE event(id TEXT NOT NULL, body ANY, number INTEGER) STRICT;"
        "CREATE UNIQUE INDEX event_id ON event(id);"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
            std::to_string(kRows) + ") INSERT INTO event SELECT 'id' || i, zeroblob(530), i FROM n;" + more);
  }
  // Pages of this kind, by their first byte: 13 a table's leaf, 5 what is above it (sqlite.org/fileformat2, 1.6).
  [[nodiscard]] std::set<int> pages_of(char kind) const {
    std::ifstream file(path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    std::set<int> pages;
    for (std::size_t page = 1; (page + 1) * kPage <= bytes.size(); ++page) {
      if (bytes[page * kPage] == kind) pages.insert(static_cast<int>(page));
    }
    return pages;
  }
  void smash(int page) const {
    std::fstream file(path(), std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(page) * kPage);
    file << std::string(kPage, '\xA5');
  }
  [[nodiscard]] std::int64_t number(const std::string& sql) const {
    return Database::open(into(), OpenMode::read_only)->integer(sql).value_or(-1);
  }

  tests::TemporaryFolder folder_;
};

TEST_F(SalvageTest, ASoundFileIsCopiedWhole) {
  fill(
      "CREATE TABLE pairs(a TEXT, b INTEGER, PRIMARY KEY(a, b)) WITHOUT ROWID; INSERT INTO pairs VALUES ('x', 1), "
      "('x', 2);"
      "CREATE TABLE odd(rowid TEXT, \"a \"\"b\" REAL); INSERT INTO odd VALUES (NULL, 1.5), ('text', NULL);"
      "CREATE VIEW seen AS SELECT id FROM event; DELETE FROM event WHERE number = 7;");
  ASSERT_TRUE(is_sound(path()));
  const auto done = salvage(path(), into(), kFailuresMax);
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_EQ(std::tuple(done->tables, done->rows, done->lost), std::tuple(3U, kRows - 1 + 4, false));
  EXPECT_EQ(number("SELECT count(*) FROM seen"), kRows - 1);
  EXPECT_EQ(number("SELECT rowid FROM event WHERE id = 'id9'"), 9);
  EXPECT_EQ(number("SELECT count(*) FROM odd WHERE \"a \"\"b\" = 1.5 AND rowid IS NULL"), 1);
  EXPECT_EQ(number("SELECT count(*) FROM sqlite_schema WHERE name = 'event_id'"), 1);
  EXPECT_TRUE(is_sound(into()));
}

TEST_F(SalvageTest, APageThatCannotBeReadCostsTheRowsOnItAlone) {
  fill();
  const std::set<int> leaves = pages_of(13);
  ASSERT_GT(leaves.size(), 500U);
  auto leaf = leaves.begin();
  for (const int skip : {0, 3, 1, 200, 300}) {
    std::advance(leaf, skip);
    smash(*leaf);
  }
  const auto damage = damage_of(path());
  ASSERT_TRUE(damage && *damage);
  EXPECT_EQ((*damage)->find('\n'), std::string::npos) << **damage;
  const auto done = salvage(path(), into(), kFailuresMax);
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_TRUE(done->lost);
  EXPECT_GE(static_cast<std::int64_t>(done->rows), kRows - 5 * kRowsOfAPageMax);
  EXPECT_LT(static_cast<std::int64_t>(done->rows), kRows);
  EXPECT_EQ(number("SELECT count(*) FROM event"), static_cast<std::int64_t>(done->rows));
  EXPECT_EQ(number("SELECT count(*) FROM event WHERE id <> 'id' || number"), 0);
}

TEST_F(SalvageTest, APageAboveOthersCostsWhatIsBelowIt) {
  fill();
  const std::set<int> above = pages_of(5);
  ASSERT_GE(above.size(), 3U) << "a root and what is between it and the leaves";
  smash(*above.rbegin());
  const auto done = salvage(path(), into(), kFailuresMax);
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_TRUE(done->lost);
  EXPECT_GT(done->rows, 0U);
  EXPECT_LT(static_cast<std::int64_t>(done->rows), kRows);
}

TEST_F(SalvageTest, OfWhatHasNoBeginningNothingIsRead) {
  for (const int page : {0, 1}) {  // the file's head; the table's root
    std::filesystem::remove(path());
    std::filesystem::remove(into());
    fill();
    smash(page);
    const auto damage = damage_of(path());
    EXPECT_TRUE(damage && *damage) << page;
    const auto done = salvage(path(), into(), kFailuresMax);
    ASSERT_TRUE(done) << done.error().text();
    EXPECT_EQ(std::pair(done->rows, done->lost), std::pair(std::uint64_t{0}, true)) << page;
  }
}

TEST_F(SalvageTest, WhatOnlyTheLogHoldsIsTakenOver) {
  fill();
  auto writer = Database::open(path(), OpenMode::read_write);
  ASSERT_TRUE(writer && writer->use_durable_wal());
  ASSERT_TRUE(writer->execute("INSERT INTO event VALUES ('late', NULL, 0)"));
  // As after a kill: the log stands beside, under a new name.
  const std::string moved = (folder_ / "moved.db").string();
  for (const char* ending : {"", "-wal"}) std::filesystem::copy_file(path() + ending, moved + ending);
  const auto done = salvage(moved, into());
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_EQ(number("SELECT count(*) FROM event WHERE id = 'late'"), 1);
  EXPECT_GT(std::filesystem::file_size(moved + "-wal"), 0U) << "what is salvaged is left as it is";
}

TEST_F(SalvageTest, ASecondFileAddsWhatTheFirstHasNot) {
  run(path(),
      "CREATE TABLE event(id TEXT); CREATE UNIQUE INDEX event_id ON event(id); INSERT INTO event VALUES ('a'), ('b')");
  const std::string second = (folder_ / "second.db").string();
  run(second, "CREATE TABLE event(id TEXT); INSERT INTO event VALUES ('b'), ('c'), ('d')");
  ASSERT_TRUE(salvage(path(), into()));
  const auto done = salvage(second, into());
  ASSERT_TRUE(done);
  EXPECT_EQ(std::pair(done->rows, done->lost), std::pair(std::uint64_t{2}, false));
  EXPECT_EQ(number("SELECT count(*) FROM event"), 4);
}

TEST_F(SalvageTest, RenamesTheLogToo) {
  run(path(), "CREATE TABLE event(id TEXT)");
  std::ofstream(path() + "-wal") << "log";
  ASSERT_TRUE(rename_database(path(), into()));
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) names.insert(entry.path().filename());
  EXPECT_THAT(names, ElementsAre("fresh.db", "fresh.db-wal"));
  EXPECT_FALSE(rename_database(path(), into())) << "there is nothing";
}

}  // namespace
}  // namespace twinshift::sqlite
