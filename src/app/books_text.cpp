#include "app/books_text.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/json_text.hpp"
#include "base/time_text.hpp"

namespace twinshift::app {
namespace {

using books::Line;
using books::TargetBooks;

constexpr std::size_t kWidth = 200;

std::vector<std::optional<std::string>> row_of(const std::string& target, const Line& line) {
  const books::Counts& counts = line.counts;
  const auto number = [](std::uint64_t count) { return std::to_string(count); };
  return {target,
          base::iso8601_ms(line.hour).substr(0, 16) + "Z",
          number(counts.received),
          number(counts.landed),
          number(counts.duplicate),
          number(counts.quarantined),
          number(counts.owed),
          number(counts.waived),
          std::to_string(counts.residual()),
          books::to_string(line.state)};
}

std::vector<Line> shown(const std::vector<Line>& lines) {
  const std::size_t newest = lines.size() - std::min(lines.size(), kHoursShown);
  std::vector<Line> out;
  for (std::size_t i = 0; i < newest && out.size() < kOldHoursShown; ++i) {
    const bool settled = lines[i].state == books::LineState::closed || lines[i].state == books::LineState::unknown;
    if (!settled) out.push_back(lines[i]);
  }
  out.insert(out.end(), lines.begin() + static_cast<std::ptrdiff_t>(newest), lines.end());
  return out;
}

std::string hours_open(std::size_t hours) {
  return hours == 1 ? "1 hour is open" : fmt::format("{} hours are open", hours);
}

std::string sentence_of(const TargetBooks& books) {
  if (!books.counted_at) {
    return books.name + ": not counted yet" + (books.error.empty() ? "" : " (" + books.error + ")");
  }
  std::string text = books.name + ": ";
  const books::Summary& summary = books.summary;
  if (summary.missing > 0) {
    text += fmt::format("{} events are missing, the first in the hour of {}", summary.missing,
                        base::iso8601_ms(*summary.first_missing).substr(0, 16) + "Z");
  } else {
    text += fmt::format("nothing is missing of {} received", summary.counts.received);
  }
  if (summary.open_hours > 0) {
    text += fmt::format("; {}, {} owed", hours_open(summary.open_hours), summary.counts.owed);
  }
  if (summary.surplus > 0) text += fmt::format("; {} more than were received", summary.surplus);
  if (!books.fresh || !books.error.empty()) {
    text += fmt::format("; as of {}, not counted since{}{}", base::iso8601_ms(*books.counted_at),
                        books.error.empty() ? "" : ": ", books.error);
  }
  return text;
}

}  // namespace

std::string books_as_text(const std::vector<TargetBooks>& books, TableFormat format) {
  warehouse::Table table{
      {"target", "hour", "received", "landed", "duplicate", "quarantined", "owed", "waived", "residual", "state"},
      {},
      false};
  for (const TargetBooks& each : books) {
    for (const Line& line : shown(each.lines)) table.rows.push_back(row_of(each.name, line));
  }
  return table_in(table, format, "nothing was received yet\n");
}

std::string table_in(const warehouse::Table& table, TableFormat format, const char* empty) {
  if (format == TableFormat::json) return table_as_json(table) + "\n";
  if (format == TableFormat::csv) return table_as_csv(table);
  return table.rows.empty() ? empty : table_as_text(table, kWidth);
}

BooksVerdict verdict_of(const std::vector<TargetBooks>& books) {
  BooksVerdict verdict;
  for (const TargetBooks& each : books) {
    verdict.text += sentence_of(each) + '\n';
    if (each.summary.missing > 0) {
      verdict.state = BooksState::missing;
    } else if (verdict.state == BooksState::complete && (!each.fresh || !each.counted_at)) {
      verdict.state = BooksState::uncounted;
    }
  }
  return verdict;
}

std::string books_part(const TargetBooks& books) {
  base::JsonObject part;
  part.add("missing", books.missing);
  part.add("surplus", books.summary.surplus);
  part.add("openHours", static_cast<std::uint64_t>(books.summary.open_hours));
  if (books.counted_at) part.add("countedAt", base::iso8601_ms(*books.counted_at));
  if (!books.error.empty()) part.add("error", books.error);
  return part.text();
}

}  // namespace twinshift::app
