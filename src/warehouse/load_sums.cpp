#include "warehouse/load_sums.hpp"

#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/time_text.hpp"
#include "event/time_parse.hpp"
#include "warehouse/markers.hpp"

namespace twinshift::warehouse {
namespace {

using base::ErrorKind;

std::string literal(std::string_view text, bool backslash_escapes) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || (c == '\\' && backslash_escapes)) quoted += c;
    quoted += c;
  }
  return quoted + '\'';
}

// A table of ours beside the event table.
std::string beside(const TableName& table, std::string_view name) {
  return TableName{table.schema, std::string(name)}.quoted();
}

// The rows that count; `arrival` is the column that says when an event came.
std::string condition(const LoadQuestion& question, std::string_view arrival) {
  // A batch that mended the table put no arrival there.
  std::string sql = fmt::format("table_name = {} AND {} >= '{}' AND batch_id NOT LIKE '{}%'",
                                literal(question.table.table, question.backslash_escapes), arrival,
                                base::sql_timestamp(hour_of(question.from_hour)), kMendingPrefix);
  if (!question.instance.empty()) {
    sql += " AND instance = " + literal(question.instance, question.backslash_escapes);
  }
  if (question.written_from) sql += " AND written_at >= '" + base::sql_timestamp(*question.written_from) + '\'';
  if (question.written_before) sql += " AND written_at < '" + base::sql_timestamp(*question.written_before) + '\'';
  return sql;
}

// "2024-10-04 05": the common beginning of how all databases spell a time, with and without a fraction.
std::string hour_text(std::string_view arrival) {
  return fmt::format("SUBSTR(CAST({} AS VARCHAR(32)), 1, 13)", arrival);
}

std::optional<std::uint64_t> count_in(const std::optional<std::string>& cell) {
  std::uint64_t count = 0;
  if (!cell) return std::nullopt;
  const auto [end, fault] = std::from_chars(cell->data(), cell->data() + cell->size(), count);
  if (fault != std::errc() || end != cell->data() + cell->size()) return std::nullopt;
  return count;
}

base::Result<LoadReport> ask(Warehouse& warehouse, LoadQuestion question, bool with_duplicates) {
  question.with_duplicates = with_duplicates;
  auto answer = warehouse.query(load_sums_sql(question), kLoadHoursMax);
  if (!answer) return base::fail(std::move(answer.error()));
  auto hours = parse_load_sums(*answer);
  if (!hours) return base::fail(std::move(hours.error()));
  return LoadReport{std::move(*hours), with_duplicates};
}

}  // namespace

std::string load_sums_sql(const LoadQuestion& question) {
  std::string rows =
      fmt::format("SELECT {} AS arrival_hour, inserted AS landed, 0 AS twice FROM {} WHERE {}", hour_text("arrival_at"),
                  beside(question.table, kLoadsTable), condition(question, "arrival_at"));
  if (question.with_duplicates) {
    // A message that was delivered or written again left its row again.
    rows += fmt::format(
        " UNION ALL SELECT {} AS arrival_hour, 0 AS landed, 1 AS twice FROM (SELECT DISTINCT event_key, received_at "
        "FROM "
        "{} WHERE {}) d",
        hour_text("d.received_at"), beside(question.table, kDuplicatesTable), condition(question, "received_at"));
  }
  return "SELECT b.arrival_hour, SUM(b.landed) AS landed, SUM(b.twice) AS twice FROM (" + rows +
         ") b GROUP BY b.arrival_hour HAVING SUM(b.landed) + SUM(b.twice) > 0 ORDER BY b.arrival_hour";
}

base::Result<std::vector<LoadSums>> parse_load_sums(const Table& answer) {
  if (answer.cut) {
    return base::fail(ErrorKind::full, fmt::format("there are more than {} hours of arrival", kLoadHoursMax),
                      std::string(kLoadsTable), "Ask from a later hour on");
  }
  std::vector<LoadSums> hours;
  for (const auto& row : answer.rows) {
    const bool whole = row.size() == 3 && row[0];
    const auto hour = whole ? event::parse_timestamp(*row[0] + ":00:00") : std::nullopt;
    const auto inserted = whole ? count_in(row[1]) : std::nullopt;
    const auto duplicate = whole ? count_in(row[2]) : std::nullopt;
    if (!hour || !inserted || !duplicate) {
      return base::fail(ErrorKind::internal, "the sums of an hour of arrival cannot be read", std::string(kLoadsTable),
                        "Times must read as YYYY-MM-DD HH:MM:SS: is the user's datestyle ISO?");
    }
    hours.push_back({hour->utc, *inserted, *duplicate});
  }
  return hours;
}

base::Result<LoadReport> read_load_sums(Warehouse& warehouse, const LoadScope& scope) {
  LoadQuestion question;
  question.table = warehouse.event_table();
  question.instance = scope.instance;
  question.from_hour = scope.from_hour;
  question.written_from = scope.written_from;
  question.written_before = scope.written_before;
  question.backslash_escapes = warehouse.product() == "Redshift";
  if (!warehouse.counts_duplicates()) return ask(warehouse, question, false);
  auto both = ask(warehouse, question, true);
  if (both) return both;
  auto landed = ask(warehouse, question, false);
  if (!landed) return both;
  auto again = ask(warehouse, std::move(question), true);
  return again ? std::move(again) : std::move(landed);
}

}  // namespace twinshift::warehouse
