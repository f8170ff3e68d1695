#include "queue/drivers/sqlite/arrival_counts.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace twinshift::queue {
namespace {

using std::chrono::floor;
using std::chrono::hours;

constexpr std::string_view kAdd =
    "INSERT INTO arrivals(hour, received, again, settled, waived) VALUES (?, ?, ?, ?, ?) ON CONFLICT(hour) DO UPDATE "
    "SET "
    "received = received + excluded.received, again = again + excluded.again, settled = settled + excluded.settled, "
    "waived = waived + excluded.waived";

}  // namespace

base::Result<ArrivalCounts> ArrivalCounts::open(sqlite::Database& database) {
  // By the newest hour and by the clock: either may have been far ahead once.
  const std::string kept = std::to_string(hours(kArrivalsKept).count());
  const std::string forget =
      "DELETE FROM arrivals WHERE received + again = settled AND hour < (SELECT max(hour) FROM "
      "arrivals) - " +
      kept + " AND hour < CAST(strftime('%s', 'now') AS INTEGER) / 3600 - " + kept;
  if (auto done = database.execute(forget); !done) return base::fail(std::move(done.error()));
  auto add = database.prepare(kAdd);
  if (!add) return base::fail(std::move(add.error()));
  return ArrivalCounts(std::move(*add));
}

ArrivalCounts::Hour& ArrivalCounts::at(base::WallTime received_at) {
  const std::int64_t hour = floor<hours>(received_at.time_since_epoch()).count();
  if (!gathered_.empty() && gathered_.back().hour == hour) return gathered_.back();
  const auto found = std::ranges::find(gathered_, hour, &Hour::hour);
  if (found != gathered_.end()) return *found;
  return gathered_.emplace_back(Hour{.hour = hour});
}

void ArrivalCounts::received(base::WallTime received_at, bool again) {
  Hour& hour = at(received_at);
  ++(again ? hour.again : hour.received);
}

void ArrivalCounts::settled(base::WallTime received_at, bool waived) {
  Hour& hour = at(received_at);
  ++hour.settled;
  if (waived) ++hour.waived;
}

base::Status ArrivalCounts::save() {
  for (const Hour& each : gathered_) {
    add_.bind(1, each.hour);
    add_.bind(2, each.received);
    add_.bind(3, each.again);
    add_.bind(4, each.settled);
    add_.bind(5, each.waived);
    if (auto done = add_.run(); !done) return done;
  }
  gathered_.clear();
  return {};
}

base::Result<std::vector<HourOfArrival>> read_arrivals(sqlite::Statement& statement) {
  std::vector<HourOfArrival> hours_read;
  const auto count = [&](int column) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, statement.integer(column)));
  };
  for (;;) {
    auto row = statement.step();
    if (!row) return base::fail(std::move(row.error()));
    if (!*row) return hours_read;
    hours_read.push_back({.hour = base::WallTime(hours(statement.integer(0))),
                          .received = count(1),
                          .waiting = count(2),
                          .waived = count(3)});
  }
}

}  // namespace twinshift::queue
