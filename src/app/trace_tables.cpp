#include "app/trace_tables.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "app/driver_table.hpp"
#include "base/time_text.hpp"
#include "event/time_parse.hpp"
#include "warehouse/erased.hpp"
#include "warehouse/schema/ddl.hpp"

namespace twinshift::app {
namespace {

using namespace std::chrono_literals;
using Cells = std::vector<std::optional<std::string>>;

// A table of somebody else's making may hold its times more coarsely than we gave them.
constexpr auto kSlack = 1s;
constexpr std::size_t kColumns = 4;  // and the name, where it is asked for

std::string selected(const std::string& table, bool with_name) {
  return fmt::format("SELECT event_id, MIN(event_at), MIN(received_at), COUNT(*){} FROM {} WHERE ",
                     with_name ? ", MIN(event_name)" : "", table);
}

std::string within_text(const std::optional<proof::Span>& within) {
  if (!within) return {};
  return fmt::format("event_at >= '{}' AND event_at < '{}' AND ", base::sql_timestamp(within->from),
                     base::sql_timestamp(within->to));
}

// Redshift reads a backslash in a literal as an escape. The text holds no NUL: it was an argument of a process.
std::string literal_of(std::string_view text, bool backslash_escapes) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || (c == '\\' && backslash_escapes)) quoted += c;
    quoted += c;
  }
  return quoted + '\'';
}

std::string one_of(const std::vector<TableQuestion>& asked) {
  std::string ids;
  for (const TableQuestion& each : asked) ids += fmt::format("{}'{}'", ids.empty() ? "" : ",", each.event_id);
  return "event_id IN (" + ids + ')';
}

std::optional<base::WallTime> time_in(const std::optional<std::string>& cell) {
  const auto time = cell ? event::parse_timestamp(*cell) : std::nullopt;
  return time ? std::optional(time->utc) : std::nullopt;
}

TableRow row_in(const Cells& cells) {
  TableRow row;
  row.event_id = cells[0].value_or("");
  row.event_at = time_in(cells[1]).value_or(base::WallTime{});
  row.received_at = time_in(cells[2]).value_or(base::WallTime{});
  const std::string copies = cells[3].value_or("1");
  (void)std::from_chars(copies.data(), copies.data() + copies.size(), row.copies);
  if (cells.size() > kColumns) row.event_name = cells[kColumns].value_or("");
  return row;
}

bool has_index(const std::string& product) {
  return product == "SQLite" || product == "PostgreSQL";
}

// Else a file that is not there was lost, and nobody can tell what stood in it.
bool nothing_was_written(const config::Settings& settings, const std::string& target) {
  std::error_code error;
  const bool is_off = target == "secondary" && !settings.secondary_redshift_enabled;
  return is_off || !std::filesystem::exists(settings.data_dir, error);
}

}  // namespace

std::string rows_sql(const std::string& table, const std::vector<TableQuestion>& asked,
                     const std::optional<proof::Span>& within, bool with_name) {
  return fmt::format("{}{}{} GROUP BY event_id", selected(table, with_name), within_text(within), one_of(asked));
}

std::string erased_sql(const warehouse::TableName& table, bool backslash_escapes,
                       const std::vector<TableQuestion>& asked) {
  return fmt::format("SELECT event_id, MIN(erased_at) FROM {} WHERE table_name = {} AND {} GROUP BY event_id",
                     warehouse::sibling(table, warehouse::kErasedTable), literal_of(table.table, backslash_escapes),
                     one_of(asked));
}

std::string install_sql(const std::string& table, std::string_view literal, const std::optional<proof::Span>& within,
                        bool with_name) {
  return fmt::format("{}{}appsflyer_id = {} GROUP BY event_id ORDER BY 2 DESC LIMIT {}", selected(table, with_name),
                     within_text(within), literal, kTraceEventsMax + 1);
}

TracedTable::TracedTable(std::unique_ptr<warehouse::Warehouse> warehouse, std::optional<proof::Span> span,
                         base::WallTime now, bool perhaps_never_made)
    : warehouse_(std::move(warehouse)), span_(span), now_(now), perhaps_never_made_(perhaps_never_made) {}

base::Result<TableAnswer> TracedTable::rows(const std::vector<TableQuestion>& asked) {
  std::optional<proof::Span> within;
  if (!has_index(warehouse_->product())) {
    std::vector<base::WallTime> times;
    for (const TableQuestion& each : asked) {
      if (each.event_at) times.push_back(*each.event_at);
    }
    if (times.size() == asked.size()) {
      within = {std::ranges::min(times) - kSlack, std::ranges::max(times) + kSlack + 1us};
    } else {
      within = bounded_by_ = span_.value_or(proof::Span{now_ - kTraceSpan, now_ + 24h});
    }
  }
  const std::string table = warehouse_->event_table().quoted();
  auto rows = ask(rows_sql(table, asked, within, true), rows_sql(table, asked, within, false));
  if (!rows) return base::fail(std::move(rows.error()));
  auto noted = erased(asked);
  if (!noted) return base::fail(std::move(noted.error()));
  return TableAnswer{std::move(*rows), std::move(*noted)};
}

base::Result<std::map<std::string, base::WallTime>> TracedTable::erased(const std::vector<TableQuestion>& asked) {
  const bool escapes = warehouse_->product() == "Redshift";
  auto answer = warehouse_->query(erased_sql(warehouse_->event_table(), escapes, asked), asked.size());
  std::map<std::string, base::WallTime> noted;
  if (!answer) {
    // No such list, or none that may be read: nobody was erased through us.
    if (answer.error().kind == base::ErrorKind::invalid || was_never_made(answer.error())) return noted;
    return base::fail(std::move(answer.error()));
  }
  for (const Cells& cells : answer->rows) {
    if (cells.size() == 2 && cells[0]) noted.emplace(*cells[0], time_in(cells[1]).value_or(base::WallTime{}));
  }
  return noted;
}

base::Result<std::vector<TableRow>> TracedTable::rows_of_install(std::string_view appsflyer_id) {
  std::optional<proof::Span> within = span_;
  if (!within && !has_index(warehouse_->product())) within = proof::Span{now_ - kTraceSpan, now_ + 24h};
  bounded_by_ = within;
  const std::string literal = literal_of(appsflyer_id, warehouse_->product() == "Redshift");
  const std::string table = warehouse_->event_table().quoted();
  return ask(install_sql(table, literal, within, true), install_sql(table, literal, within, false));
}

// A table of the predecessor's need not have every column of ours.
base::Result<std::vector<TableRow>> TracedTable::ask(const std::string& with_name, const std::string& without_name) {
  auto answer = warehouse_->query(with_name, kTraceEventsMax + 1);
  const auto failed_as = [&](base::ErrorKind kind) { return !answer && answer.error().kind == kind; };
  if (failed_as(base::ErrorKind::invalid) || failed_as(base::ErrorKind::internal)) {
    answer = warehouse_->query(without_name, kTraceEventsMax + 1);
  }
  std::vector<TableRow> rows;
  if (!answer && was_never_made(answer.error())) return rows;
  if (!answer) return base::fail(std::move(answer.error()));
  for (const Cells& cells : answer->rows) {
    if (cells.size() < kColumns) {
      return base::fail(base::ErrorKind::internal, "the answer has too few columns", "the table");
    }
    rows.push_back(row_in(cells));
  }
  return rows;
}

base::Result<std::unique_ptr<TracedTable>> open_traced_table(const config::Settings& settings,
                                                             const std::string& target, std::optional<proof::Span> span,
                                                             base::WallTime now) {
  auto found = find_target(settings, target);
  if (!found) return base::fail(std::move(found.error()));
  config::TargetSettings quick = **found;
  quick.statement_timeout = std::min(quick.statement_timeout, kTraceStatementMax);
  auto warehouse = open_warehouse(settings, quick);
  if (!warehouse) return base::fail(std::move(warehouse.error()));
  return std::make_unique<TracedTable>(std::move(*warehouse), span, now, nothing_was_written(settings, target));
}

}  // namespace twinshift::app
