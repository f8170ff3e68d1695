#include "tests/simulation/sim_warehouse.hpp"

#include <algorithm>

namespace twinshift::simulation {
namespace {
using base::ErrorKind;
std::unexpected<base::Error> trouble(ErrorKind kind) {
  return base::fail(kind, "simulated trouble", "simulated warehouse");
}
}  // namespace

base::Result<warehouse::WriteReport> SimWarehouse::commit(const warehouse::Batch& batch) {
  const auto refused = std::ranges::count_if(batch.events, [&](const auto& event) { return refuses(*event); });
  if (refused > 0 && !by_row_) return trouble(ErrorKind::rejected);
  warehouse::WriteReport report;
  warehouse::Marker& marker = markers_[batch.id];
  marker = {.batch_id = batch.id, .sent = batch.events.size(), .inserted = 0, .duplicate = 0};
  for (const event::EventPtr& event : batch.events) {
    if (refuses(*event)) {
      report.outcomes.push_back(warehouse::Outcome::rejected);
      report.reasons.resize(batch.events.size());
      continue;
    }
    int& copies = rows_[event->key];
    const bool there = copies > 0 && !forget_to_look_up;
    if (!there) ++copies;
    ++(there ? marker.duplicate : marker.inserted);
    report.outcomes.push_back(there ? warehouse::Outcome::duplicate : warehouse::Outcome::written);
  }
  return report;
}

base::Result<warehouse::WriteReport> SimWarehouse::write(const warehouse::Batch& batch) {
  switch (mood_) {
    case Mood::well:
    case Mood::slow:
      return commit(batch);
    case Mood::refusing:
      return trouble(ErrorKind::unavailable);
    case Mood::hanging:
    case Mood::moody:
      return write_moody(batch);
  }
  return commit(batch);
}

base::Result<warehouse::WriteReport> SimWarehouse::write_moody(const warehouse::Batch& batch) {
  switch (random_.below(8)) {
    case 0:
      return trouble(ErrorKind::conflict);
    case 1:
      return trouble(ErrorKind::full);
    case 2:
      return trouble(ErrorKind::unknown_outcome);
    case 3: {
      const auto unheard = commit(batch);
      if (!unheard) return unheard;
      return trouble(ErrorKind::unknown_outcome);
    }
    case 4: {
      // Nothing written now, try again.
      warehouse::WriteReport report;
      report.outcomes.assign(batch.events.size(), warehouse::Outcome::deferred);
      return report;
    }
    case 5:
      return trouble(random_.chance(0.5) ? ErrorKind::throttled : ErrorKind::timed_out);
    default:
      return commit(batch);
  }
}

base::Result<std::optional<warehouse::Marker>> SimWarehouse::find_marker(const std::string& batch_id) {
  if (mood_ == Mood::refusing || (mood_ != Mood::well && random_.chance(0.3))) return trouble(ErrorKind::unavailable);
  const auto found = markers_.find(batch_id);
  if (found != markers_.end()) return found->second;
  if (invent_markers) return warehouse::Marker{.batch_id = batch_id, .sent = 1, .inserted = 1, .duplicate = 0};
  return std::nullopt;
}

base::Status SimWarehouse::ping() {
  if (mood_ == Mood::refusing) return trouble(ErrorKind::unavailable);
  return {};
}

std::chrono::milliseconds SimWarehouse::call_time() {
  const auto least = mood_ == Mood::slow ? 4'000 : mood_ == Mood::hanging ? 30'000 : 1;
  const auto spread = mood_ == Mood::slow ? 2'000U : mood_ == Mood::hanging ? 200'000U : 30U;
  return std::chrono::milliseconds(least + static_cast<std::int64_t>(random_.below(spread)));
}

void SimWarehouse::heal() {
  mood_ = Mood::well;
  refuse_all_ = false;
  refused_.clear();
}

}  // namespace twinshift::simulation
