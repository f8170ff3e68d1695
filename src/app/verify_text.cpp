#include "app/verify_text.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "app/terminal_text.hpp"
#include "base/json_text.hpp"
#include "base/time_text.hpp"

namespace twinshift::app {
namespace {

using proof::Finding;
using proof::FindingKind;

constexpr std::array kKinds{FindingKind::missing, FindingKind::doubled,     FindingKind::changed,  FindingKind::foreign,
                            FindingKind::erased,  FindingKind::quarantined, FindingKind::undecided};

constexpr std::size_t kIdBytesShown = 64;
// Names of fields come from payloads.
constexpr std::size_t kColumnBytesShown = 400;

bool means_different(FindingKind kind) {
  return kind != FindingKind::quarantined && kind != FindingKind::undecided;
}

const char* name_of(VerifyVerdict verdict) {
  switch (verdict) {
    case VerifyVerdict::equal:
      return "equal";
    case VerifyVerdict::different:
      return "different";
    case VerifyVerdict::undecided:
      return "undecided";
  }
  return "unknown";
}

// An id is 32 digits; what somebody else has put there may be anything.
std::string short_id(const Finding& finding) {
  return shortened(finding.id, kIdBytesShown);
}

// NULL is told as an empty id.
std::string shown_id(const Finding& finding) {
  return finding.id.empty() ? "(no event_id)" : printable(short_id(finding));
}

bool known(base::WallTime time) {
  return time != base::WallTime{};
}

// As a row holds it: with microseconds where it has some.
std::string exact_time(base::WallTime time) {
  if (time == std::chrono::floor<std::chrono::milliseconds>(time)) return base::iso8601_ms(time);
  std::string text = base::sql_timestamp(time);
  text[text.find(' ')] = 'T';
  return text + 'Z';
}

}  // namespace

VerifyVerdict FindingCounts::verdict() const {
  bool undecided = false;
  for (const auto& [key, count] : counts_) {
    if (means_different(key.second)) return VerifyVerdict::different;
    undecided = undecided || key.second == FindingKind::undecided;
  }
  return undecided ? VerifyVerdict::undecided : VerifyVerdict::equal;
}

bool FindingCounts::has(FindingKind kind) const {
  return std::ranges::any_of(counts_, [&](const auto& each) { return each.first.second == kind; });
}

std::string FindingCounts::text() const {
  std::string text;
  for (const FindingKind kind : kKinds) {
    for (const auto& [key, count] : counts_) {
      if (key.second != kind) continue;
      text += fmt::format("{}{} {} in {}", text.empty() ? "" : ", ", count, to_string(kind), key.first);
    }
  }
  return text;
}

std::string FindingCounts::json(const std::array<std::string, 2>& targets) const {
  std::string text = "{";
  for (const std::string& target : targets) {
    text += fmt::format("{}{}:{{", text.size() > 1 ? "," : "", base::json_string(target));
    bool first = true;
    for (const auto& [key, count] : counts_) {
      if (key.first != target) continue;
      text += fmt::format("{}\"{}\":{}", first ? "" : ",", to_string(key.second), count);
      first = false;
    }
    text += '}';
  }
  return text + '}';
}

std::string finding_as_text(const Finding& finding) {
  if (finding.window) {
    return fmt::format("{:<11} {:<9} the window from {} to {}: the sums differ, and no row says why",
                       to_string(finding.kind), finding.target, base::sql_timestamp(finding.window->from),
                       base::sql_timestamp(finding.window->to));
  }
  std::string text = fmt::format("{:<11} {:<9} {}  event_at {}", to_string(finding.kind), finding.target,
                                 shown_id(finding), finding.timeless ? "none" : base::sql_timestamp(finding.event_at));
  if (known(finding.received_at)) text += "  received_at " + base::sql_timestamp(finding.received_at);
  if (finding.kind == FindingKind::doubled) text += fmt::format("  {} copies", finding.copies);
  if (!finding.column.empty()) text += "  changed: " + printable(shortened(finding.column, kColumnBytesShown));
  if (!finding.content_id.empty()) text += "  tells event " + finding.content_id;
  return text;
}

std::string finding_as_json(const Finding& finding) {
  std::string text =
      fmt::format("{{\"kind\":\"{}\",\"target\":{},\"eventId\":{},\"eventAt\":{}", to_string(finding.kind),
                  base::json_string(finding.target), base::json_string(short_id(finding)),
                  finding.timeless ? "null" : '"' + exact_time(finding.event_at) + '"');
  if (known(finding.received_at)) text += ",\"receivedAt\":\"" + exact_time(finding.received_at) + '"';
  if (finding.kind == FindingKind::doubled) text += fmt::format(",\"copies\":{}", finding.copies);
  if (finding.window) {
    text += fmt::format(",\"window\":{{\"from\":\"{}\",\"to\":\"{}\"}}", exact_time(finding.window->from),
                        exact_time(finding.window->to));
  }
  if (!finding.column.empty())
    text += ",\"columns\":" + base::json_string(shortened(finding.column, kColumnBytesShown));
  if (!finding.content_id.empty()) text += ",\"contentId\":" + base::json_string(finding.content_id);
  return text + '}';
}

std::string window_text(std::chrono::seconds window) {
  using std::chrono::days;
  using std::chrono::hours;
  if (window % days(1) == window.zero()) return std::to_string(window / days(1)) + "d";
  if (window % hours(1) == window.zero()) return std::to_string(window / hours(1)) + "h";
  return std::to_string(window / std::chrono::minutes(1)) + "m";
}

namespace {

std::string not_compared_text(const proof::VerifyReport& report) {
  const auto& [primary, secondary] = report.without_id;
  if (primary + secondary == 0) return {};
  std::string text = fmt::format(
      "; not compared: {} rows of the primary and {} of the secondary that have neither event_id nor event_at, so were "
      "written by another program",
      primary, secondary);
  if (primary != secondary) text += " (which of them one side lacks only their values can tell)";
  return text;
}

}  // namespace

std::string compared_text(const proof::VerifyReport& report, std::chrono::seconds window) {
  if (report.windows == 0 && report.outside[0] + report.outside[1] == 0)
    return "compared: nothing, neither target holds an event in this range" + not_compared_text(report);
  std::string text =
      fmt::format("compared: {} rows of the primary and {} of the secondary, {} windows of {} from {} to {}",
                  report.rows[0], report.rows[1], report.windows, window_text(window),
                  base::sql_timestamp(report.span.from), base::sql_timestamp(report.span.to));
  if (report.outside[0] + report.outside[1] > 0) {
    text += fmt::format("; of these {} and {} at a time that no event has", report.outside[0], report.outside[1]);
  }
  return text + not_compared_text(report);
}

namespace {

// Also where the rows that are owed make up for the difference, so that no id was looked at.
std::string owed_text(const proof::VerifyReport& report) {
  std::string text;
  for (std::size_t side = 0; side < report.owed.size(); ++side) {
    if (report.owed[side] == 0) continue;
    text += fmt::format("; {} owed to the {} are on their way", report.owed[side], side == 0 ? "primary" : "secondary");
  }
  if (text.empty() && report.owed_ids > 0) text = fmt::format("; {} more are owed and on their way", report.owed_ids);
  return text;
}

}  // namespace

std::string verdict_text(const FindingCounts& counts, const proof::VerifyReport& report) {
  const std::string found = counts.text();
  const std::string as_of = " (as of " + base::iso8601_ms(report.as_of) + ')';
  std::string text = name_of(counts.verdict());
  if (counts.verdict() == VerifyVerdict::equal && !found.empty()) text += ", except";
  if (!found.empty()) text += (counts.verdict() == VerifyVerdict::equal ? " " : ": ") + found;
  return text + owed_text(report) + as_of;
}

std::string advice_text(const FindingCounts& counts) {
  std::string text;
  if (counts.has(FindingKind::erased)) {
    text +=
        "erased: these stand there though they were erased: run `twinshift erase --where FIELD=VALUE --yes` for that "
        "person again, which removes them; what one target alone has noted `twinshift repair --apply` removes, too\n";
  }
  if (counts.has(FindingKind::foreign)) {
    text +=
        "foreign: no events of ours, so nobody but you can say whether they are needed: look at them with `twinshift "
        "query`, and delete by their event_id, in the database itself, those that are not\n";
  }
  return text;
}

std::string reasons_text(const proof::VerifyReport& report) {
  std::string text;
  for (const std::string& reason : report.reasons) text += "cannot tell: " + printable(reason) + '\n';
  return text;
}

namespace {

std::string reasons_as_json(const std::vector<std::string>& reasons) {
  std::string text = "[";
  for (const std::string& reason : reasons) text += (text.size() > 1 ? "," : "") + base::json_string(reason);
  return text + ']';
}

}  // namespace

std::string report_as_json(const FindingCounts& counts, const proof::VerifyReport& report,
                           const std::array<std::string, 2>& targets) {
  return fmt::format(
      "\"verdict\":\"{}\",\"asOf\":\"{}\",\"from\":\"{}\",\"to\":\"{}\",\"windows\":{},\"windowsDifferent\":{},"
      "\"rows\":{{{}:{},{}:{}}},\"counts\":{},\"owed\":{},\"onTheirWay\":{{{}:{},{}:{}}},\"settled\":{},"
      "\"outside\":{{{}:{},{}:{}}},\"withoutEventId\":{{{}:{},{}:{}}},\"reasons\":{}",
      name_of(counts.verdict()), base::iso8601_ms(report.as_of), exact_time(report.span.from),
      exact_time(report.span.to), report.windows, report.different, base::json_string(targets[0]), report.rows[0],
      base::json_string(targets[1]), report.rows[1], counts.json(targets), report.owed_ids,
      base::json_string(targets[0]), report.owed[0], base::json_string(targets[1]), report.owed[1], report.settled,
      base::json_string(targets[0]), report.outside[0], base::json_string(targets[1]), report.outside[1],
      base::json_string(targets[0]), report.without_id[0], base::json_string(targets[1]), report.without_id[1],
      reasons_as_json(report.reasons));
}

}  // namespace twinshift::app
