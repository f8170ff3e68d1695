// A target's table as `twinshift trace` asks it: a few rows by event_id, or an install's newest. Every question is
// bounded: rows by LIMIT, time by kTraceStatementMax, and on Redshift, which has no index, by a span of event_at.
//
// One thread at a time for an object. Calls block up to the driver's limits.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/trace_report.hpp"
#include "base/error.hpp"
#include "config/settings.hpp"
#include "proof/digest.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::app {

inline constexpr std::chrono::milliseconds kTraceStatementMax{10'000};
// How far back event_at is looked for where neither the journal nor a person says when an event was.
inline constexpr std::chrono::days kTraceSpan{31};

// An event and, where it is known, its event_at.
struct TableQuestion {
  std::string event_id;
  std::optional<base::WallTime> event_at{};
};

struct TableAnswer {
  std::vector<TableRow> rows{};
  std::map<std::string, base::WallTime> erased{};  // by event_id: since when it is noted as erased
};

// The SELECTs, for the tests. `asked` is not empty and holds ids as warehouse::is_event_id() knows them.
std::string rows_sql(const std::string& table, const std::vector<TableQuestion>& asked,
                     const std::optional<proof::Span>& within, bool with_name);
std::string install_sql(const std::string& table, std::string_view literal, const std::optional<proof::Span>& within,
                        bool with_name);

// `table`: the event table, whose list of erased events stands beside it.
std::string erased_sql(const warehouse::TableName& table, bool backslash_escapes,
                       const std::vector<TableQuestion>& asked);

class TracedTable {
 public:
  // `span`: where event_at is looked for, given by a person; else it ends with `now`. `perhaps_never_made`: a file that
  // is not there holds nothing; else nobody can tell.
  TracedTable(std::unique_ptr<warehouse::Warehouse> warehouse, std::optional<proof::Span> span, base::WallTime now,
              bool perhaps_never_made);

  base::Result<TableAnswer> rows(const std::vector<TableQuestion>& asked);
  // The newest kTraceEventsMax + 1 events of an appsflyer_id.
  base::Result<std::vector<TableRow>> rows_of_install(std::string_view appsflyer_id);
  // The span that bounded a question so far; none where all of the table was looked through.
  [[nodiscard]] const std::optional<proof::Span>& bounded_by() const { return bounded_by_; }

 private:
  [[nodiscard]] bool was_never_made(const base::Error& error) const {
    return perhaps_never_made_ && error.kind == base::ErrorKind::not_found;
  }
  base::Result<std::map<std::string, base::WallTime>> erased(const std::vector<TableQuestion>& asked);
  base::Result<std::vector<TableRow>> ask(const std::string& with_name, const std::string& without_name);

  const std::unique_ptr<warehouse::Warehouse> warehouse_;
  const std::optional<proof::Span> span_;
  const base::WallTime now_;
  const bool perhaps_never_made_;
  std::optional<proof::Span> bounded_by_;
};

// `not_found` where the target is not configured. Creates nothing, connects at the first question.
base::Result<std::unique_ptr<TracedTable>> open_traced_table(const config::Settings& settings,
                                                             const std::string& target, std::optional<proof::Span> span,
                                                             base::WallTime now);

}  // namespace twinshift::app
