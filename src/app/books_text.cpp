#include "app/books_text.hpp"

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
  if (summary.open_hours > 0)
    text += fmt::format("; {} hours are open, {} owed", summary.open_hours, summary.counts.owed);
  if (summary.surplus > 0) text += fmt::format("; {} more than were received", summary.surplus);
  if (!books.error.empty()) {
    text += fmt::format("; as of {}: {}", base::iso8601_ms(*books.counted_at), books.error);
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
    for (const Line& line : each.lines) table.rows.push_back(row_of(each.name, line));
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
    verdict.missing = verdict.missing || each.summary.missing > 0;
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
