#include "app/books_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <map>

#include <fmt/format.h>

#include "base/json_text.hpp"
#include "base/time_text.hpp"

namespace twinshift::app {
namespace {

using books::Hour;
using books::Line;
using books::TargetBooks;

constexpr std::size_t kWidth = 200;

// Columns of the books, of what instances say and of what was signed off, that hold counts.
constexpr std::array<std::string_view, 8> kNumbers{"received", "landed", "duplicate", "quarantined",
                                                   "owed",     "waived", "residual",  "events"};

std::vector<std::optional<std::string>> row_of(const std::string& target, const Line& line) {
  const books::Counts& counts = line.counts;
  const auto number = [](std::uint64_t count) { return std::to_string(count); };
  return {target,
          hour_text(line.hour),
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
                        hour_text(*summary.first_missing));
  } else {
    text += fmt::format("nothing is missing of {} received", summary.counts.received);
  }
  if (summary.open_hours > 0) {
    text += fmt::format("; {}, {} owed", hours_open(summary.open_hours), summary.counts.owed);
  }
  if (books.owed_elsewhere > 0 && books.owed_elsewhere < books::kUnknownMany) {
    text += fmt::format("; {} owed of which nobody knows the hours", books.owed_elsewhere);
  }
  if (books.signed_off > 0) text += fmt::format("; {} signed off as lost", books.signed_off);
  if (summary.surplus > 0) text += fmt::format("; {} more than were received", summary.surplus);
  if (!books.fresh || !books.error.empty()) {
    text += fmt::format("; as of {}, not counted since{}{}", base::iso8601_ms(*books.counted_at),
                        books.error.empty() ? "" : ": ", books.error);
  }
  return text;
}

// Where books.db was made anew beside a queue that has counted before, or a target's table is another, or its markers
// were not summed up in time. A line for each hour from which targets are judged.
std::string beginning_of(const std::vector<TargetBooks>& books) {
  struct Beginning {
    std::string targets;
    std::int64_t hours_before = 0;
  };
  std::map<Hour, Beginning> beginnings;
  for (const TargetBooks& each : books) {
    const auto before = std::ranges::count_if(
        each.lines, [&](const Line& line) { return line.hour < each.judged_from && line.counts.received > 0; });
    if (before == 0) continue;
    Beginning& beginning = beginnings[each.judged_from];
    beginning.targets += (beginning.targets.empty() ? "" : ", ") + each.name;
    beginning.hours_before = std::max(beginning.hours_before, std::int64_t{before});
  }
  std::string text;
  for (const auto& [hour, beginning] : beginnings) {
    text += fmt::format("The counting began anew at {} ({}): hours before it ({}) are not judged\n", hour_text(hour),
                        beginning.targets, beginning.hours_before);
  }
  return text;
}

// The number that stands at `at` and has `digits` digits.
std::optional<int> number_at(std::string_view text, std::size_t at, std::size_t digits) {
  int number = 0;
  const char* const begin = text.data() + at;
  const auto [end, error] = std::from_chars(begin, begin + digits, number);
  const bool whole = error == std::errc() && end == begin + digits && *begin != '-';
  return whole ? std::optional(number) : std::nullopt;
}

}  // namespace

std::string hour_text(books::Hour hour) {
  return base::iso8601_ms(hour).substr(0, 16) + "Z";
}

std::optional<books::Hour> parse_hour(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00Z";
  if (text.size() != kShape.size()) return std::nullopt;
  const auto year = number_at(text, 0, 4);
  const auto month = number_at(text, 5, 2);
  const auto day = number_at(text, 8, 2);
  const auto hour = number_at(text, 11, 2);
  if (!year || !month || !day || !hour || *hour > 23) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const books::Hour found = std::chrono::sys_days(date) + std::chrono::hours(*hour);
  // The rest of it is then as it should be, too: dashes, colon, minutes 00, Z.
  return hour_text(found) == text ? std::optional(found) : std::nullopt;
}

std::string books_as_text(const std::vector<TargetBooks>& books, TableFormat format) {
  warehouse::Table table{
      {"target", "hour", "received", "landed", "duplicate", "quarantined", "owed", "waived", "residual", "state"},
      {},
      false};
  for (const TargetBooks& each : books) {
    for (const Line& line : shown(each.lines)) table.rows.push_back(row_of(each.name, line));
  }
  const bool counted = std::ranges::all_of(books, [](const TargetBooks& each) { return each.counted_at.has_value(); });
  return table_in(table, format, counted ? "nothing was received yet\n" : "no hour could be counted\n");
}

std::string table_in(const warehouse::Table& table, TableFormat format, const char* empty) {
  if (format == TableFormat::json) return table_as_json(table, kNumbers) + "\n";
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
  verdict.text += beginning_of(books);
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
