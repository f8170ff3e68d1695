#include "app/books_rebuilt.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "app/books_answer.hpp"
#include "app/books_text.hpp"
#include "base/json_text.hpp"
#include "base/log.hpp"

namespace twinshift::app {
namespace {

using base::ErrorKind;
using books::Hour;
using books::Line;
using books::LineState;
using books::TargetBooks;

const TargetBooks* find(const std::vector<TargetBooks>& books, const std::string& name) {
  const auto found = std::ranges::find(books, name, &TargetBooks::name);
  return found == books.end() ? nullptr : &*found;
}

const Line* line_of(const TargetBooks& books, Hour hour) {
  const auto found = std::ranges::find(books.lines, hour, &Line::hour);
  return found == books.lines.end() ? nullptr : &*found;
}

std::uint64_t lacking(const Line& line) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(line.counts.residual(), 0));
}

// As many as the one has fewer markers of than the other, though both hold the same. Not what the other has not landed
// either: that may be in its quarantine, owed or given up, and then stands in neither table.
std::uint64_t markers_short(const books::Counts& here, const books::Counts& there) {
  const std::uint64_t has = here.landed + here.duplicate + here.waived;
  const std::uint64_t wanted = there.landed + there.duplicate;
  return wanted > has ? wanted - has : 0;
}

base::Error cannot_count(const std::string& target, const TargetBooks* books) {
  const std::string why = books == nullptr ? "it is switched off" : books->error;
  return {ErrorKind::unavailable, "the target cannot be counted now" + (why.empty() ? "" : ": " + why), target,
          "Run the same command again when it answers"};
}

base::Status write_markers(const RebuiltBooks& lost, const std::string& target, const RebuiltMarkers& markers,
                           RebuiltReport& report) {
  std::vector<warehouse::RebuiltHour> batch;
  for (std::size_t i = 0; i < lost.hours.size(); ++i) {
    const auto& each = lost.hours[i];
    batch.push_back({rebuilt_id(each.hour, each.landed, markers.instance), each.hour, each.events});
    report.events += each.events;
    ++report.hours;
    if (batch.size() < warehouse::kRebuiltHoursMax && i + 1 < lost.hours.size()) continue;
    if (auto done = markers.write(target, batch); !done) return done;
    batch.clear();
  }
  return {};
}

base::Result<RebuiltReport> mark(books::Keeper& keeper, const std::string& target, const RebuiltMarkers& markers) {
  // Two in a row: a residual of one count alone may be an event on its way.
  (void)keeper.count_now(kCountMax, books::Keeper::Reading::all_hours);
  const auto counted = keeper.count_now(kCountMax);
  const std::string other_name = target == "primary" ? "secondary" : "primary";
  const TargetBooks* const here = find(counted, target);
  const TargetBooks* const other = find(counted, other_name);
  if (here == nullptr || !here->fresh) return base::fail(cannot_count(target, here));
  if (other == nullptr || !other->fresh) return base::fail(cannot_count(other_name, other));
  const RebuiltBooks lost = lost_markers(*here, *other);
  RebuiltReport report{.unexplained = lost.unexplained,
                       .too_early = lost.too_early,
                       .unjudged = lost.unjudged,
                       .open_hours = lost.open_hours};
  if (auto done = write_markers(lost, target, markers, report); !done) return base::fail(std::move(done.error()));
  if (report.events > 0) {
    base::log::info("A rebuilt target got markers for what its lost ones can no longer tell")
        .add("target", target)
        .add("events", report.events)
        .add("hours", report.hours);
  }
  (void)keeper.count_now(kCountMax);
  return report;
}

}  // namespace

RebuiltBooks lost_markers(const TargetBooks& target, const TargetBooks& other) {
  RebuiltBooks lost;
  for (const Line& line : target.lines) {
    if (line.state == LineState::unknown || lacking(line) == 0) continue;
    const auto confirmed = target.confirmed.find(line.hour);
    const std::uint64_t certain = confirmed == target.confirmed.end() ? 0 : confirmed->second;
    lost.too_early += lacking(line) - std::min(lacking(line), certain);
    if (certain == 0) continue;
    const Line* const there = line_of(other, line.hour);
    if (there == nullptr || there->state == LineState::unknown) {
      lost.unjudged += certain;
      continue;
    }
    const std::uint64_t markers = std::min(certain, markers_short(line.counts, there->counts));
    lost.unexplained += certain - markers;
    if (markers > 0) lost.hours.push_back({line.hour, markers, line.counts.landed});
    lost.open_hours = lost.open_hours || line.counts.owed > 0;
  }
  return lost;
}

control::Request rebuilt_request(const std::string& target) {
  return {kRebuiltVerb, {target}};
}

control::Reply answer_rebuilt(books::Keeper& keeper, const control::Request& request, const RebuiltMarkers& markers) {
  if (request.arguments.size() != 1 || !markers.write) {
    return {false, "the request was not understood. Is it another version?"};
  }
  const auto report = mark(keeper, request.arguments[0], markers);
  if (!report) return {false, report.error().text()};
  return {true, fmt::format("{} {} {} {} {} {}", report->events, report->hours, report->unexplained, report->too_early,
                            report->unjudged, report->open_hours ? 1 : 0)};
}

base::Result<RebuiltReport> read_rebuilt_reply(const control::Reply& reply) {
  if (!reply.ok) return base::fail(ErrorKind::conflict, reply.text, "books");
  RebuiltReport report;
  int open = 0;
  std::istringstream text(reply.text);
  text >> report.events >> report.hours >> report.unexplained >> report.too_early >> report.unjudged >> open;
  if (!text) {
    return base::fail(ErrorKind::conflict, "the answer was not understood", "the running service",
                      "Is it another version of twinshift?");
  }
  report.open_hours = open != 0;
  return report;
}

std::string rebuilt_text(const std::string& target, const RebuiltReport& report) {
  std::string text;
  const auto add = [&text](std::string line) { text += (text.empty() ? "books: " : "\nbooks: ") + std::move(line); };
  if (report.events > 0) {
    add(fmt::format(
        "markers were written for {} events of {} hours at {}, each as often as it was received: they stand there, "
        "their own markers were lost{}",
        report.events, report.hours, target,
        report.open_hours ? ". Some of these hours are still open: run it again when they are over" : ""));
  }
  if (report.too_early > 0) {
    add(fmt::format("{} more are missing there, but not for certain yet: run the same command again in some minutes",
                    report.too_early));
  }
  if (report.unjudged > 0) {
    add(
        fmt::format("{} more are missing there in hours that the other target's books do not judge: `twinshift books "
                    "waive` signs them off",
                    report.unjudged));
  }
  if (report.unexplained > 0) {
    add(
        fmt::format("{} are missing there that the other target has not landed either: a loss, or what is in its "
                    "quarantine, owed to it or signed off. `twinshift books` shows the hours",
                    report.unexplained));
  }
  return text;
}

std::string rebuilt_json(const std::string& target, const RebuiltReport& report) {
  base::JsonObject text;
  text.add("target", target).add("markedLanded", report.events).add("hours", report.hours);
  text.add("tooEarly", report.too_early).add("notJudged", report.unjudged).add("unexplained", report.unexplained);
  return "\"books\":" + text.text();
}

std::string unmarked_text(const std::string& target, const base::Error& error) {
  return fmt::format(
      "books: markers for what {0}'s lost ones can no longer tell could not be written: {1}. The tables are equal: run "
      "it again; or sign off what `twinshift books` shows: `twinshift books waive --target {0} --hour HOUR --events N "
      "--reason \"rebuilt\" --yes`",
      target, error.text());
}

std::string unmarked_json(const std::string& target, const base::Error& error) {
  return "\"books\":" + base::JsonObject().add("target", target).add("error", error.text()).text();
}

base::Error unequal_tables(const std::string& target) {
  return {base::ErrorKind::conflict,
          "no markers were written, since the two tables are not equal: what this target has copied again `twinshift "
          "books` goes on missing",
          target, "Put right what is left, then run it again"};
}

bool leaves_work(const RebuiltReport& report) {
  return report.too_early > 0 || report.unjudged > 0;
}

}  // namespace twinshift::app
