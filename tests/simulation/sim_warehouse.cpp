#include "tests/simulation/sim_warehouse.hpp"

#include <algorithm>

namespace twinshift::simulation {
namespace {

using base::ErrorKind;
using std::chrono::milliseconds;

std::unexpected<base::Error> trouble(ErrorKind kind) {
  return base::fail(kind, "simulated trouble", "simulated warehouse");
}

}  // namespace

SimWarehouse::Row& SimWarehouse::row_of(std::int64_t event_key) {
  const auto at = static_cast<std::size_t>(event_key);
  if (at >= rows_.size()) rows_.resize(at + 1);
  return rows_[at];
}

const SimWarehouse::Row& SimWarehouse::row(std::int64_t event_key) const {
  static const Row kNone;
  const auto at = static_cast<std::size_t>(event_key);
  return at < rows_.size() ? rows_[at] : kNone;
}

SimWarehouse::CallPtr SimWarehouse::begin(const warehouse::Batch& batch, std::uint32_t instance) {
  auto call = std::make_shared<Call>(Call{.batch = batch, .instance = instance, .number = ++calls_});
  call->ends_at = around_.now + call_time();
  call->answers_at = call->ends_at + milliseconds(random_.below(3));
  switch (mood_) {
    case Mood::well:
    case Mood::slow:
      break;
    case Mood::refusing:
      call->fails = ErrorKind::unavailable;
      break;
    case Mood::throttling:
      call->fails = ErrorKind::throttled;
      break;
    case Mood::full:
      call->fails = ErrorKind::full;
      break;
    case Mood::hanging:
    case Mood::moody:
      choose_moody(*call);
      break;
  }
  if (around_.broken(Planted::look_up_before_lock)) {
    for (const event::EventPtr& event : batch.events) call->looked_up.push_back(has(event->key));
  }
  running_.push_back(call);
  return call;
}

void SimWarehouse::choose_moody(Call& call) {
  constexpr ErrorKind kKinds[] = {ErrorKind::conflict, ErrorKind::full, ErrorKind::throttled, ErrorKind::timed_out,
                                  ErrorKind::unavailable};
  switch (random_.below(9)) {
    case 0:
    case 1:
      call.fails = kKinds[random_.below(std::size(kKinds))];
      break;
    case 2:  // lost on the way there
      call.commits = false;
      call.unheard = true;
      break;
    case 3:  // lost on the way back
      call.unheard = true;
      break;
    case 4:  // the connection breaks while the database is at it; it may yet commit
      call.unheard = true;
      call.commits = random_.chance(0.7);
      call.answers_at = around_.now + milliseconds(1 + random_.below(20));
      call.ends_at = call.answers_at + milliseconds(random_.below(random_.chance(0.2) ? 20'000 : 300));
      break;
    case 5:
      call.defers = true;
      break;
    default:
      break;
  }
}

void SimWarehouse::end(Call& call) {
  if (call.ended) return;
  call.ended = true;
  std::erase_if(running_, [&](const CallPtr& each) { return each.get() == &call; });
  if (call.fails) {
    call.answer = trouble(*call.fails);
  } else if (call.defers) {
    call.answer = warehouse::WriteReport{};
    (*call.answer)->outcomes.assign(call.batch.events.size(), warehouse::Outcome::deferred);
  } else if (call.commits) {
    call.answer = commit(call);
  } else {
    call.answer = trouble(ErrorKind::unavailable);
  }
}

base::Result<warehouse::WriteReport> SimWarehouse::commit(Call& call) {
  const warehouse::Batch& batch = call.batch;
  const bool any_refused = std::ranges::any_of(batch.events, [&](const auto& event) { return refuses(*event); });
  if (any_refused) around_.tally.met(refuse_all_ ? Met::table_refused : Met::row_refused);
  if (any_refused && !by_row_) return trouble(ErrorKind::rejected);
  const auto absent = said_absent_.find(batch.id);
  if (absent != said_absent_.end() && call.number <= absent->second) {
    around_.violated_now(name_ + ": a batch committed after its marker had been said not to be there");
  }
  warehouse::WriteReport report;
  warehouse::Marker marker{.batch_id = batch.id, .sent = batch.events.size()};
  for (std::size_t i = 0; i < batch.events.size(); ++i) {
    if (refuses(*batch.events[i])) {
      report.outcomes.push_back(warehouse::Outcome::rejected);
      report.reasons.resize(batch.events.size());
      continue;
    }
    report.outcomes.push_back(insert(batch.events[i], call, i, marker));
  }
  write_marker(call, marker);
  return report;
}

warehouse::Outcome SimWarehouse::insert(const event::EventPtr& event, Call& call, std::size_t at,
                                        warehouse::Marker& marker) {
  Row& row = row_of(event->key);
  const bool there = call.looked_up.empty() ? row.copies > 0 : call.looked_up[at];
  if (there && !around_.broken(Planted::write_twice)) {
    ++marker.duplicate;
    const MessageIndex message = message_of(*event);
    const bool same = row.event != nullptr && message_of(*row.event) == message;
    if (!same) around_.tally.met(Met::duplicate);
    if (!same || around_.broken(Planted::duplicates_per_redelivery)) {
      if (duplicates_.size() <= message) duplicates_.resize(around_.messages.size());
      ++duplicates_[message];
    }
    return warehouse::Outcome::duplicate;
  }
  if (around_.broken(Planted::drop_event_in_lane) && random_.chance(0.02)) return warehouse::Outcome::written;
  ++marker.inserted;
  if (++row.copies > 1) around_.violated(name_ + ": rule 4: an event stands there twice");
  row.event = event;
  if (!around_.broken(Planted::no_marker)) ++landed_[call.instance][around_.messages[message_of(*event)].hour];
  return warehouse::Outcome::written;
}

void SimWarehouse::write_marker(const Call& call, const warehouse::Marker& marker) {
  if (around_.broken(Planted::no_marker)) return;
  markers_.try_emplace(call.batch.id, marker);
}

void SimWarehouse::forget_writer(std::uint32_t instance) {
  for (const CallPtr& call : running_) {
    if (call->instance != instance) continue;
    if (random_.chance(0.5)) {
      call->commits = false;
    } else {
      around_.tally.met(Met::went_on_without_writer);
    }
  }
}

std::optional<base::SteadyTime> SimWarehouse::busy_until(const std::string& batch_id) const {
  std::optional<base::SteadyTime> until;
  for (const CallPtr& call : running_) {
    if (call->batch.id == batch_id && (!until || call->ends_at > *until)) until = call->ends_at;
  }
  return until;
}

base::Result<std::optional<warehouse::Marker>> SimWarehouse::find_marker(const warehouse::Batch& batch) {
  const bool away = mood_ == Mood::refusing || mood_ == Mood::throttling;
  if (away || (mood_ != Mood::well && random_.chance(0.3))) return trouble(ErrorKind::unavailable);
  const auto found = markers_.find(batch.id);
  if (found != markers_.end()) return found->second;
  if (around_.broken(Planted::invent_marker)) {
    return warehouse::Marker{.batch_id = batch.id, .sent = batch.events.size(), .inserted = batch.events.size()};
  }
  said_absent_[batch.id] = calls_;
  return std::nullopt;
}

base::Status SimWarehouse::ping() {
  if (mood_ == Mood::refusing || (mood_ == Mood::moody && random_.chance(0.3))) return trouble(ErrorKind::unavailable);
  return {};
}

milliseconds SimWarehouse::call_time() {
  if (mood_ == Mood::slow) return milliseconds(4'000 + random_.below(2'000));
  if (mood_ == Mood::hanging) return milliseconds(30'000 + random_.below(200'000));
  return milliseconds(1 + random_.below(30));
}

void SimWarehouse::heal(bool keeps_refusing) {
  mood_ = Mood::well;
  refuse_all_ = false;
  if (!keeps_refusing) refused_.clear();
}

}  // namespace twinshift::simulation
