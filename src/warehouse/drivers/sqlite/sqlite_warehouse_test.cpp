// What is SQLite's own: types, the file itself, tables that a person has to look at.
#include "warehouse/drivers/sqlite/sqlite_warehouse.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "sqlite/database.hpp"
#include "tests/support/temporary_folder.hpp"
#include "warehouse/drivers/sqlite/connection.hpp"
#include "warehouse/drivers/sqlite/sqlite_dialect.hpp"
#include "warehouse/drivers/sqlite/sqlite_table.hpp"
#include "warehouse/load_sums.hpp"
#include "warehouse/markers.hpp"

namespace twinshift::warehouse {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;

TEST(Affinity, FollowsSqlitesRules) {
  EXPECT_EQ(affinity_of("VARCHAR(255)"), Affinity::text);
  EXPECT_EQ(affinity_of("bigint"), Affinity::integer);
  EXPECT_EQ(affinity_of("CHARINT"), Affinity::integer);
  EXPECT_EQ(affinity_of(""), Affinity::blob);
  EXPECT_EQ(affinity_of("DOUBLE PRECISION"), Affinity::real);
  EXPECT_EQ(affinity_of("DECIMAL(10,2)"), Affinity::numeric);
  EXPECT_EQ(affinity_of("TIMESTAMP"), Affinity::numeric);
}

TEST(Affinity, TellsWhatWouldChangeValues) {
  EXPECT_TRUE(keeps(Affinity::numeric, event::ColumnType::timestamp));
  EXPECT_TRUE(keeps(Affinity::numeric, event::ColumnType::boolean));
  EXPECT_FALSE(keeps(Affinity::numeric, event::ColumnType::decimal));
  EXPECT_FALSE(keeps(Affinity::numeric, event::ColumnType::text));
  EXPECT_FALSE(keeps(Affinity::real, event::ColumnType::bigint));
  EXPECT_TRUE(keeps(Affinity::blob, event::ColumnType::json));
}

class SqliteFile : public testing::Test {
 protected:
  SqliteFile() { warehouse_ = *open_sqlite_warehouse({.path = path()}); }
  [[nodiscard]] std::string path() const { return (folder_ / "w.db").string(); }
  void execute(const std::string& sql) const {
    auto database = sqlite::Database::open(path(), sqlite::OpenMode::create);
    ASSERT_TRUE(database);
    const auto done = database->execute(sql);
    ASSERT_TRUE(done) << done.error().text();
  }
  void expect_refused(ErrorKind kind, const std::string& word) {
    const auto ready = warehouse_->prepare();
    ASSERT_FALSE(ready);
    EXPECT_EQ(ready.error().kind, kind);
    EXPECT_NE(ready.error().text().find(word), std::string::npos) << ready.error().text();
  }
  static Batch batch_of(int first, int count, std::size_t bytes = 10) {
    Batch batch{"b" + std::to_string(first), {}};
    for (int i = first; i < first + count; ++i) {
      batch.events.push_back(*event::decode_event(
          "{\"n\":" + std::to_string(i) + ",\"campaign\":\"" + std::string(bytes, 'x') + "\"}", "m", {}));
    }
    return batch;
  }

  tests::TemporaryFolder folder_;
  std::unique_ptr<Warehouse> warehouse_;
};

TEST_F(SqliteFile, IsForItsOwnerAlone) {
  ASSERT_TRUE(warehouse_->prepare());
  EXPECT_EQ(fs::status(path()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(SqliteFile, QueryCreatesNothing) {
  const auto answer = warehouse_->query("SELECT 1", 1);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::not_found);
  EXPECT_FALSE(fs::exists(path()));
}

TEST_F(SqliteFile, EndsAStatementThatTakesTooLong) {
  ASSERT_TRUE(warehouse_->prepare());
  const auto hasty = *open_sqlite_warehouse({.path = path(), .statement_timeout = std::chrono::milliseconds(1)});
  const auto answer =
      hasty->query("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n", 1);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::timed_out);
}

TEST_F(SqliteFile, AFolderInItsPlaceIsUnavailableUntilItIsGone) {
  fs::create_directory(path());
  expect_refused(ErrorKind::unavailable, "w.db");
  fs::remove(path());
  EXPECT_TRUE(warehouse_->prepare());
}

TEST_F(SqliteFile, RubbishInItsPlaceIsUnavailable) {
  std::ofstream(path()) << std::string(5000, 'x');
  expect_refused(ErrorKind::unavailable, "not a database");
}

TEST_F(SqliteFile, MakesNoNewFileWhereOneWas) {
  ASSERT_TRUE(warehouse_->write(batch_of(0, 1)));
  for (const char* ending : {"", "-wal", "-shm"}) fs::remove(path() + ending);
  EXPECT_FALSE(warehouse_->write(batch_of(1, 1)));
  expect_refused(ErrorKind::unavailable, "gone");
  EXPECT_FALSE(fs::exists(path()));
}

TEST_F(SqliteFile, AMovedFileIsWholeWithoutItsLog) {
  ASSERT_TRUE(warehouse_->write(batch_of(0, 3)));
  fs::rename(path(), path() + ".moved");
  EXPECT_FALSE(warehouse_->ping());
  fs::remove(path() + "-wal");
  auto moved = sqlite::Database::open(path() + ".moved", sqlite::OpenMode::read_only);
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->integer("SELECT count(*) FROM appsflyer_events").value_or(-1), 3);
}

TEST_F(SqliteFile, LocksAreAConflictAndNothingIsWritten) {
  const auto hasty = *open_sqlite_warehouse({.path = path(), .busy_timeout = std::chrono::milliseconds(1)});
  ASSERT_TRUE(hasty->prepare());
  auto other = sqlite::Database::open(path(), sqlite::OpenMode::read_write);
  ASSERT_TRUE(other && other->execute("BEGIN IMMEDIATE"));
  const auto report = hasty->write(batch_of(0, 1));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::conflict);
  ASSERT_TRUE(other->execute("ROLLBACK"));
  EXPECT_TRUE(hasty->write(batch_of(0, 1)));
}

TEST_F(SqliteFile, KeepsItsLogSmall) {
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(warehouse_->write(batch_of(i * 1000, 1000, 1000)));
  EXPECT_LT(fs::file_size(path() + "-wal"), 2U * kWalBytes);
  EXPECT_GT(fs::file_size(path()), std::uintmax_t{kWalBytes});
}

TEST_F(SqliteFile, OldRowsOfItsBookkeepingGoInSmallSteps) {
  ASSERT_TRUE(warehouse_->prepare());
  const std::string rows = std::to_string(kPruneRowsMax + 1);
  execute("INSERT INTO twinshift_loads WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < " +
          rows +
          ") SELECT 'appsflyer_events', 'twinshift', 'b' || i, '2024-01-01 00:00:00', '2024-01-01 00:00:00', 1, 1, 0, "
          "0, 0, "
          "'2024-01-01 00:00:0' || (i % 2) FROM n");
  const base::WallTime all = std::chrono::sys_days(std::chrono::year(2024) / 1 / 2);
  EXPECT_EQ(warehouse_->prune(std::chrono::sys_days(std::chrono::year(2024) / 1 / 1)), 0U);
  EXPECT_EQ(warehouse_->prune(all), kPruneRowsMax);
  EXPECT_EQ(warehouse_->prune(all), 1U);
  EXPECT_EQ(warehouse_->prune(all), 0U);
}

// However many rows there are.
TEST_F(SqliteFile, BookkeepingIsSummedAndPrunedByItsIndexes) {
  ASSERT_TRUE(warehouse_->prepare());
  const LoadQuestion question{warehouse_->event_table(), {}, base::WallTime(std::chrono::hours(480'000))};
  std::string plan;
  for (const std::string& sql : {load_sums_sql(question), prune_loads_sql(), prune_duplicates_sql()}) {
    auto database = sqlite::Database::open(path(), sqlite::OpenMode::read_write);
    ASSERT_TRUE(database);
    auto statement = database->prepare("EXPLAIN QUERY PLAN " + sql);
    ASSERT_TRUE(statement) << statement.error().text();
    while (*statement->step()) plan += std::string(statement->text(3)) + '\n';
  }
  EXPECT_EQ(plan.find("SCAN twinshift"), std::string::npos) << plan;
  EXPECT_NE(plan.find("USING INDEX twinshift_loads_arrival_at"), std::string::npos) << plan;
  EXPECT_NE(plan.find("USING INDEX twinshift_duplicates_received_at"), std::string::npos) << plan;
}

TEST_F(SqliteFile, RefusesAViewOfThatName) {
  execute("CREATE VIEW appsflyer_events AS SELECT 1 AS x");
  expect_refused(ErrorKind::conflict, "view");
}

TEST_F(SqliteFile, RefusesAColumnOfOursWithAnotherType) {
  execute("CREATE TABLE appsflyer_events (event_id REAL)");
  expect_refused(ErrorKind::conflict, "event_id");
}

TEST_F(SqliteFile, RefusesAForeignColumnThatMustBeFilled) {
  execute("CREATE TABLE appsflyer_events (id INTEGER PRIMARY KEY, mine TEXT NOT NULL)");
  expect_refused(ErrorKind::conflict, "mine");
}

TEST_F(SqliteFile, RefusesDoubles) {
  execute("CREATE TABLE appsflyer_events (event_id TEXT); INSERT INTO appsflyer_events VALUES ('a'), ('a')");
  expect_refused(ErrorKind::conflict, "event_id");
}

TEST_F(SqliteFile, TakesAStrictTable) {
  execute("CREATE TABLE appsflyer_events (event_name BLOB, campaign INT, platform TEXT) STRICT");
  EXPECT_EQ(warehouse_->write(batch_of(0, 1))->outcomes.at(0), Outcome::written);
}

TEST(SqliteWarehouse, RefusesImpossibleNames) {
  const auto opened = open_sqlite_warehouse({.path = "x", .table = "a;b"});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::invalid);
}

}  // namespace
}  // namespace twinshift::warehouse
