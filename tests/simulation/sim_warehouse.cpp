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
  if (around_.broken(Planted::look_up_before_lock) ||
      (around_.broken(Planted::repair_without_lock) && warehouse::is_mending(batch.id))) {
    for (const event::EventPtr& event : batch.events) call->looked_up.push_back(table.finds(event->key));
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
  if (call.erases) return erase(call);
  const bool any_refused = std::ranges::any_of(batch.events, [&](const auto& event) { return refuses(*event); });
  if (any_refused) around_.tally.met(refuse_all_ ? Met::table_refused : Met::row_refused);
  // A row never goes where what is to take its place is not written.
  if (any_refused && (!by_row_ || !batch.remove.empty())) return trouble(ErrorKind::rejected);
  const auto absent = said_absent_.find(batch.id);
  if (absent != said_absent_.end() && call.number <= absent->second) {
    around_.violated_now(name_ + ": a batch committed after its marker had been said not to be there");
  }
  warehouse::WriteReport report;
  report.removed = remove(call);
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

// Rows that somebody's order names go first; what was erased is not written any more.
std::uint64_t SimWarehouse::remove(const Call& call) {
  std::uint64_t gone = 0;
  for (const warehouse::EventPlace& place : call.batch.remove) {
    const auto number = around_.catalogue.find(place.id);
    if (number) gone += static_cast<std::uint64_t>(table.remove(*number, place.event_at));
  }
  return gone;
}

warehouse::WriteReport SimWarehouse::erase(const Call& call) {
  warehouse::WriteReport report;
  for (const warehouse::EventPlace& place : call.batch.remove) {
    const auto number = around_.catalogue.find(place.id);
    if (number) report.removed += static_cast<std::uint64_t>(table.erase(*number, call.notes));
  }
  return report;
}

warehouse::Outcome SimWarehouse::insert(const event::EventPtr& event, Call& call, std::size_t at,
                                        warehouse::Marker& marker) {
  const bool erased = table.row(event->key).erased;
  const bool there = call.looked_up.empty() ? table.finds(event->key) : call.looked_up[at];
  if (erased || (there && !around_.broken(Planted::write_twice))) {
    if (erased) around_.tally.met(Met::erased_came_again);
    ++marker.duplicate;
    note_duplicate(*event);
    return warehouse::Outcome::duplicate;
  }
  const bool mends = warehouse::is_mending(call.batch.id);
  if (around_.broken(Planted::drop_event_in_lane) && random_.chance(0.02)) return warehouse::Outcome::written;
  ++marker.inserted;
  if (!table.insert(event->key, event)) around_.violated(name_ + ": rule 4: an event stands there twice");
  if (mends && !around_.broken(Planted::mend_counted_in_books)) return warehouse::Outcome::written;
  const MessageIndex message = message_of(*event);
  if (!around_.broken(Planted::no_marker)) ++landed_[call.instance][around_.messages[message].hour];
  if (mends) return warehouse::Outcome::written;
  if (landed_as_.size() <= message) landed_as_.resize(around_.messages.size());
  ++landed_as_[message];
  return warehouse::Outcome::written;
}

// Unless it is the very message whose row stands there, or was erased.
void SimWarehouse::note_duplicate(const event::Event& event) {
  const Row& row = table.row(event.key);
  const MessageIndex message = message_of(event);
  const bool same = row.erased ? std::ranges::find(row.erased_messages, message) != row.erased_messages.end()
                               : row.event != nullptr && message_of(*row.event) == message;
  if (!same) around_.tally.met(Met::duplicate);
  if (same && !around_.broken(Planted::duplicates_per_redelivery)) return;
  if (duplicates_.size() <= message) duplicates_.resize(around_.messages.size());
  ++duplicates_[message];
}

void SimWarehouse::write_marker(const Call& call, const warehouse::Marker& marker) {
  if (around_.broken(Planted::no_marker)) return;
  markers_.try_emplace(call.batch.id, marker);
}

SimWarehouse::CallPtr SimWarehouse::begin_erasure(const warehouse::Batch& batch, std::uint32_t instance, bool notes) {
  CallPtr call = begin(batch, instance);
  call->erases = true;
  call->notes = notes;
  call->defers = false;
  return call;
}

milliseconds SimWarehouse::question_time() {
  if (mood_ == Mood::slow) return milliseconds(100 + random_.below(2'000));
  if (mood_ == Mood::hanging) return milliseconds(10'000);
  return milliseconds(1 + random_.below(20));
}

base::Status SimWarehouse::question_answered() {
  if (mood_ == Mood::refusing || mood_ == Mood::throttling) return trouble(ErrorKind::unavailable);
  if (mood_ == Mood::hanging) return trouble(ErrorKind::timed_out);
  if (mood_ == Mood::moody && random_.chance(0.03)) return trouble(ErrorKind::unavailable);
  return {};
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
