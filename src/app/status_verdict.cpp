#include "app/status_verdict.hpp"

#include <algorithm>
#include <chrono>
#include <optional>

#include <fmt/format.h>

namespace twinshift::app {
namespace {

using namespace std::chrono_literals;
using delivery::TargetState;
using delivery::TargetStatus;
using Points = std::vector<StatusPoint>;

// Older than this and the queue does not only hold what is under way.
constexpr std::chrono::seconds kQueueBehind{30};
constexpr double kFilesNearlyOut = 0.9;
// Of the backlog's budget.
constexpr std::chrono::seconds kBudgetSoon{3'600};

// "1 event waits", "1,234 events wait".
std::string counted(std::uint64_t number, std::string_view one, std::string_view many) {
  return with_commas(number) + ' ' + std::string(number == 1 ? one : many);
}

std::string capital(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

void add_queue(const MetricsInput& input, Points& points) {
  if (input.queue.trouble) {
    points.push_back(
        {StatusLevel::alarm, "Events cannot be taken: the queue is in trouble, AppsFlyer is answered 503",
         input.queue.trouble->message + (input.queue.trouble->hint.empty() ? "" : ". " + input.queue.trouble->hint)});
  }
  if (input.queue.dead_lettered > 0) {
    points.push_back({StatusLevel::alarm,
                      counted(input.queue.dead_lettered, "message is", "messages are") + " in the dead-letter queue",
                      "`twinshift queue status`, then `twinshift queue redrive`"});
  }
  if (input.queue.spooled > 0) {
    points.push_back(
        {StatusLevel::warning,
         "SQS cannot be reached: " + counted(input.queue.spooled, "event waits", "events wait") + " in the spool",
         "Look at the network and the credentials; they move by themselves"});
  }
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(input.queue.oldest_age);
  if (age >= kQueueBehind) {
    points.push_back({StatusLevel::busy,
                      fmt::format("The queue is behind: {}, the oldest waits for {}",
                                  counted(input.queue.depth, "event", "events"), about(age)),
                      ""});
  }
}

std::string owed_text(const TargetStatus& target) {
  std::string text = counted(target.owed, "event waits", "events wait") + " for it";
  if (target.backlog_storage && target.backlog_storage->parity_in) {
    text += ", about " + about(*target.backlog_storage->parity_in) + " to go";
  }
  return text;
}

// One that never answered is not to be told apart from one that is just being asked, for a while.
void add_state(const TargetStatus& target, Points& points) {
  const std::string name = capital(target.name);
  const bool away = target.state == TargetState::open || target.state == TargetState::stalled ||
                    target.state == TargetState::retrying;
  const std::string cure =
      "It is tried again by itself" + (target.last_error.empty() ? "" : ". The last error: " + target.last_error);
  if (away && target.is_primary) {
    points.push_back({StatusLevel::alarm, name + " does not take events: they wait in the queue", cure});
  } else if (away) {
    points.push_back(
        {StatusLevel::warning,
         name + " is away, which does not touch the primary" + (target.owed > 0 ? ": " + owed_text(target) : ""),
         cure});
  } else if (target.owed > 0 && target.state != TargetState::disabled) {
    points.push_back({StatusLevel::busy, name + " catches up: " + owed_text(target), ""});
  } else if (target.state == TargetState::disabled) {
    points.push_back({StatusLevel::warning, name + " is switched off: nothing new is owed to it",
                      "SECONDARY_REDSHIFT_ENABLED=true; the log then has the command that fills the gap"});
  }
}

void add_backlog(const TargetStatus& target, Points& points) {
  if (!target.backlog_storage) return;
  const backlog::StorageStatus& storage = *target.backlog_storage;
  if (storage.lost > 0) {
    points.push_back({StatusLevel::alarm,
                      fmt::format("Damaged files of the backlog of {} no longer tell {}", target.name,
                                  counted(storage.lost, "event", "events")),
                      "Look at the disk; `twinshift repair` copies them from the other target"});
  }
  if (storage.unreadable_files > 0) {
    points.push_back({StatusLevel::warning,
                      fmt::format("{} of the backlog of {} could not be opened",
                                  counted(storage.unreadable_files, "file", "files"), target.name),
                      "The log of the start says why; the next start tries again"});
  }
  if (storage.budget_used_in && *storage.budget_used_in < kBudgetSoon && storage.events_per_second > 0) {
    points.push_back(
        {StatusLevel::warning,
         fmt::format("The backlog of {} uses up its room in about {}", target.name, about(*storage.budget_used_in)),
         "Raise BACKLOG_BYTES_MAX; beyond it ids alone are kept, and events are read from the primary"});
  }
}

void add_quarantine(const MetricsInput& input, Points& points) {
  for (const auto& [target, records] : input.quarantine.records) {
    if (records == 0) continue;
    points.push_back({StatusLevel::warning,
                      fmt::format("{} refuses {}", capital(target), counted(records, "event", "events")),
                      "`twinshift quarantine list` says why; then `replay` or `drop`"});
  }
  if (input.quarantine.trouble) {
    points.push_back(
        {StatusLevel::alarm, "Refused events cannot be put into the quarantine", input.quarantine.trouble->message});
  }
}

void add_books(const MetricsInput& input, Points& points) {
  for (const books::TargetBooks& books : input.books) {
    if (books.missing > 0) {
      points.push_back({StatusLevel::alarm,
                        fmt::format("{} missing in {}",
                                    counted(books.missing, "accepted event is", "accepted events are"), books.name),
                        "`twinshift books` shows the hours; `twinshift verify` and `repair` bring back what the other "
                        "target has"});
    }
    if (books.counted_at && !books.error.empty()) {
      points.push_back({StatusLevel::warning, "The books of " + books.name + " cannot be counted", books.error});
    }
  }
}

void add_parity(const MetricsInput& input, Points& points) {
  if (!input.parity || !input.parity->last) return;
  const proof::Audit& audit = *input.parity->last;
  if (audit.verdict != proof::AuditVerdict::different) return;
  points.push_back({StatusLevel::alarm,
                    fmt::format("The two warehouses differ: {}", counted(audit.differences, "event", "events")),
                    "`twinshift verify` names them, `twinshift repair --apply` puts them right"});
}

void add_process(const MetricsInput& input, Points& points) {
  const ProcessUsage& usage = input.process;
  if (!usage.open_files || !usage.open_files_max || *usage.open_files_max == 0) return;
  if (static_cast<double>(*usage.open_files) < kFilesNearlyOut * static_cast<double>(*usage.open_files_max)) return;
  points.push_back({StatusLevel::alarm, "The process is nearly out of open files: connections will be refused",
                    "Raise `ulimit -n` (LimitNOFILE), or lower HTTP_CONNECTIONS_MAX"});
}

}  // namespace

std::string_view to_string(StatusLevel level) {
  switch (level) {
    case StatusLevel::well:
      return "well";
    case StatusLevel::busy:
      return "busy";
    case StatusLevel::warning:
      return "warning";
    case StatusLevel::alarm:
      return "alarm";
  }
  return "?";
}

std::string with_commas(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string about(std::chrono::seconds time) {
  if (time < 2min) return fmt::format("{} s", time.count());
  if (time < 2h) return fmt::format("{} min", time / 1min);
  if (time < 48h) return fmt::format("{} h", time / 1h);
  return fmt::format("{} days", time / 24h);
}

std::vector<StatusPoint> status_points(const MetricsInput& input) {
  Points points;
  add_books(input, points);
  add_parity(input, points);
  add_queue(input, points);
  for (const TargetStatus& target : input.targets) {
    add_state(target, points);
    add_backlog(target, points);
  }
  add_quarantine(input, points);
  add_process(input, points);
  std::ranges::stable_sort(points, std::greater(), &StatusPoint::level);
  return points;
}

StatusLevel worst_of(const std::vector<StatusPoint>& points) {
  return points.empty() ? StatusLevel::well : points.front().level;
}

}  // namespace twinshift::app
