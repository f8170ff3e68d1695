#include "warehouse/schema/owed_text.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/time_text.hpp"
#include "event/time_parse.hpp"
#include "warehouse/markers.hpp"
#include "warehouse/owed_word.hpp"
#include "warehouse/schema/ddl.hpp"
#include "warehouse/schema/write_text.hpp"

namespace twinshift::warehouse {
namespace {

using base::ErrorKind;

constexpr std::size_t kColumns = 8;

// Which row of an instance, target and hour is the latest.
std::string newest_sql(Dialect dialect, const TableName& table) {
  return fmt::format(
      "(SELECT instance, target, arrival_at, MAX(as_of) AS newest FROM {} WHERE table_name = {} GROUP BY instance, "
      "target, arrival_at) n",
      sibling(table, kOwedTable), literal(dialect, table.table));
}

bool read_count(const std::optional<std::string>& cell, std::uint64_t& count) {
  if (!cell) return false;
  const auto [end, fault] = std::from_chars(cell->data(), cell->data() + cell->size(), count);
  return fault == std::errc() && end == cell->data() + cell->size();
}

bool read_time(const std::optional<std::string>& cell, base::WallTime& time) {
  const auto parsed = cell ? event::parse_timestamp(*cell) : std::nullopt;
  if (parsed) time = parsed->utc;
  return parsed.has_value();
}

base::Error too_many() {
  return {ErrorKind::full, fmt::format("there are more than {} rows", kOwedRowsReadMax), std::string(kOwedTable),
          "Delete the rows of instances that are gone for good"};
}

base::Error unreadable() {
  return {ErrorKind::internal, "a row of an instance's books cannot be read", std::string(kOwedTable),
          "Times must read as YYYY-MM-DD HH:MM:SS: is the user's datestyle ISO?"};
}

bool read_row(const std::vector<std::optional<std::string>>& cells, OwedRow& row) {
  if (cells.size() != kColumns || !cells[0] || !cells[1]) return false;
  row.instance = *cells[0];
  row.target = *cells[1];
  return read_time(cells[2], row.arrival_at) && read_count(cells[3], row.received) && read_count(cells[4], row.owed) &&
         read_count(cells[5], row.quarantined) && read_count(cells[6], row.waived) && read_time(cells[7], row.as_of);
}

}  // namespace

std::string insert_owed_sql(Dialect dialect, const TableName& table, std::span<const OwedRow> rows) {
  std::string sql = fmt::format(
      "INSERT INTO {} (table_name, instance, target, arrival_at, received, owed, quarantined, waived, as_of) VALUES ",
      sibling(table, kOwedTable));
  const char* separator = "";
  for (const OwedRow& row : rows) {
    sql +=
        fmt::format("{}({},{},{},'{}',{},{},{},{},'{}')", separator, literal(dialect, table.table),
                    literal(dialect, row.instance), literal(dialect, row.target), base::sql_timestamp(row.arrival_at),
                    row.received, row.owed, row.quarantined, row.waived, base::sql_timestamp(row.as_of));
    separator = ",";
  }
  return sql;
}

std::string prune_owed_sql(Dialect dialect, const TableName& table, base::WallTime before) {
  return fmt::format(
      "DELETE FROM {0} USING {1} WHERE {2}.table_name = {3} AND {2}.instance = n.instance AND {2}.target = n.target "
      "AND {2}.arrival_at = n.arrival_at AND {2}.as_of < '{4}' AND ({2}.as_of < n.newest OR "
      "({2}.arrival_at < '{5}' AND {2}.as_of < '{5}' AND {2}.owed = 0))",
      sibling(table, kOwedTable), newest_sql(dialect, table), kOwedTable, literal(dialect, table.table),
      base::sql_timestamp(before), base::sql_timestamp(abandoned_before(before)));
}

namespace {

// MAX of each: what was published again after an unknown outcome stands there twice, alike.
std::string latest_sql(Dialect dialect, const TableName& table, const std::string& condition) {
  return fmt::format(
      "SELECT o.instance, o.target, o.arrival_at, MAX(o.received) AS received, MAX(o.owed) AS owed, MAX(o.quarantined) "
      "AS quarantined, MAX(o.waived) AS waived, MAX(o.as_of) AS as_of FROM {} o JOIN {} ON o.instance = n.instance AND "
      "o.target = n.target AND o.arrival_at = n.arrival_at AND o.as_of = n.newest WHERE o.table_name = {} AND {} "
      "GROUP BY o.instance, o.target, o.arrival_at",
      sibling(table, kOwedTable), newest_sql(dialect, table), literal(dialect, table.table), condition);
}

Dialect dialect_of(const Warehouse& warehouse) {
  return warehouse.product() == "Redshift" ? Dialect::redshift : Dialect::postgres;
}

base::Result<std::vector<OwedRow>> read(Warehouse& warehouse, const std::string& sql) {
  auto answer = warehouse.query(sql, kOwedRowsReadMax);
  if (!answer) return base::fail(std::move(answer.error()));
  return parse_owed(*answer);
}

}  // namespace

std::string read_owed_sql(Dialect dialect, const TableName& table, base::WallTime from) {
  const std::string condition = fmt::format("(o.arrival_at >= '{}' OR o.owed > 0)", base::sql_timestamp(from));
  return "SELECT l.instance, l.target, CAST(l.arrival_at AS VARCHAR(32)) AS arrival_at, l.received, l.owed, "
         "l.quarantined, l.waived, CAST(l.as_of AS VARCHAR(32)) AS as_of FROM (" +
         latest_sql(dialect, table, condition) + ") l ORDER BY l.instance, l.target, l.arrival_at";
}

std::string read_owed_by_others_sql(Dialect dialect, const TableName& table, const std::string& own,
                                    base::WallTime from) {
  const std::string condition =
      fmt::format("o.arrival_at >= '{}' AND o.instance <> {}", base::sql_timestamp(from), literal(dialect, own));
  return "SELECT '' AS instance, l.target, CAST(l.arrival_at AS VARCHAR(32)) AS arrival_at, SUM(l.received) AS "
         "received, SUM(l.owed) AS owed, SUM(l.quarantined) AS quarantined, SUM(l.waived) AS waived, "
         "CAST(MAX(l.as_of) AS VARCHAR(32)) AS as_of FROM (" +
         latest_sql(dialect, table, condition) + ") l GROUP BY l.target, l.arrival_at ORDER BY l.target, l.arrival_at";
}

std::string read_words_sql(Dialect dialect, const TableName& table) {
  return fmt::format(
      "SELECT instance, target, CAST(MIN(as_of) AS VARCHAR(32)), CAST(MAX(as_of) AS VARCHAR(32)) FROM {} WHERE "
      "table_name = {} AND arrival_at = '{}' AND target IN ('{}', '{}', '{}') GROUP BY instance, target",
      sibling(table, kOwedTable), literal(dialect, table.table), base::sql_timestamp(kWordHour), kStarted, kRunning,
      kSettled);
}

base::Result<std::vector<OwedRow>> parse_owed(const Table& answer) {
  if (answer.cut) return base::fail(too_many());
  std::vector<OwedRow> rows;
  rows.reserve(answer.rows.size());
  for (const auto& cells : answer.rows) {
    OwedRow row;
    if (!read_row(cells, row)) return base::fail(unreadable());
    rows.push_back(std::move(row));
  }
  return rows;
}

namespace {

// When an instance said one of its words.
struct Said {
  std::string instance;
  std::string word;
  base::WallTime first;
  base::WallTime last;
};

base::Result<Said> read_said(const std::vector<std::optional<std::string>>& cells) {
  Said said;
  constexpr std::size_t kCells = 4;
  const bool good = cells.size() == kCells && cells[0] && cells[1] && read_time(cells[2], said.first) &&
                    read_time(cells[3], said.last);
  if (!good) return base::fail(unreadable());
  said.instance = *cells[0];
  said.word = *cells[1];
  return said;
}

// What an instance's words say together.
struct Words {
  std::optional<base::WallTime> first;
  std::optional<base::WallTime> started;
  std::optional<base::WallTime> running;
  std::optional<base::WallTime> settled;

  void add(const Said& said) {
    first = std::min(first.value_or(said.first), said.first);
    (said.word == kStarted ? started : said.word == kRunning ? running : settled) = said.last;
  }
  // An optional that is empty is less than any time.
  [[nodiscard]] InstanceWord together(const std::string& instance) const {
    const auto told = std::max(running, settled);
    return {.instance = instance,
            .heard = *std::max(told, started),
            .told = told.value_or(*first),
            .settled = settled && settled >= running && settled > started};
  }
};

}  // namespace

base::Result<std::vector<InstanceWord>> parse_words(const Table& answer) {
  if (answer.cut) return base::fail(too_many());
  std::map<std::string, Words> by_instance;
  for (const auto& cells : answer.rows) {
    const auto said = read_said(cells);
    if (!said) return base::fail(said.error());
    by_instance[said->instance].add(*said);
  }
  std::vector<InstanceWord> words;
  for (const auto& [instance, said] : by_instance) words.push_back(said.together(instance));
  return words;
}

base::Result<std::vector<InstanceWord>> read_words(Warehouse& warehouse) {
  auto answer = warehouse.query(read_words_sql(dialect_of(warehouse), warehouse.event_table()), kOwedRowsReadMax);
  if (!answer) return base::fail(std::move(answer.error()));
  return parse_words(*answer);
}

base::Result<std::vector<OwedRow>> read_owed(Warehouse& warehouse, base::WallTime from) {
  return read(warehouse, read_owed_sql(dialect_of(warehouse), warehouse.event_table(), from));
}

base::Result<std::vector<OwedRow>> read_owed_by_others(Warehouse& warehouse, const std::string& own,
                                                       base::WallTime from) {
  return read(warehouse, read_owed_by_others_sql(dialect_of(warehouse), warehouse.event_table(), own, from));
}

bool can_read_owed(Warehouse& warehouse) {
  const auto answer =
      warehouse.query("SELECT instance FROM " + sibling(warehouse.event_table(), kOwedTable) + " WHERE 1 = 0", 1);
  if (answer) return true;
  // By the Data API a missing right is no fault of the statement.
  return answer.error().kind != ErrorKind::invalid &&
         answer.error().message.find("permission denied") == std::string::npos;
}

}  // namespace twinshift::warehouse
