// The lanes' threads, as far as a world of one thread needs them: one call of the machine's at a time, and between two
// of them the job of a command (src/delivery/lane.hpp). And what the books publish for other instances.
#include <algorithm>
#include <utility>

#include "delivery/publisher.hpp"
#include "tests/simulation/instance.hpp"
#include "tests/simulation/lane_table.hpp"
#include "tests/simulation/owed_table.hpp"
#include "warehouse/owed_word.hpp"

namespace twinshift::simulation {
namespace {

using base::ErrorKind;
using delivery::LaneIndex;
constexpr std::chrono::seconds kBooksEvery{30};

}  // namespace

void Instance::give(LaneIndex lane, delivery::LaneCall call) {
  LaneThread& thread = lane_threads_[lane];
  if (thread.running && !around_.broken(Planted::lane_job_beside_batch)) {
    thread.next = std::move(call);
    return;
  }
  thread.calling = true;
  check_alone(thread);
  say_that_it_runs(lane_targets_[lane]);
  std::visit([this](const auto& each) { start(each); }, call);
}

void Instance::came_back(LaneIndex lane) {
  LaneThread& thread = lane_threads_[lane];
  thread.calling = false;
  if (thread.waiting != nullptr) begin_job(lane);
}

void Instance::check_alone(const LaneThread& thread) {
  if (thread.calling && thread.running != nullptr) {
    around_.violated_now("a lane did a command's job beside a call of its own");
  }
}

base::Status Instance::run_in_lane(Task& caller, std::uint32_t target, delivery::LaneJob job,
                                   std::chrono::milliseconds limit) {
  const auto found = std::ranges::find(lane_targets_, target);
  if (!up() || found == lane_targets_.end()) {
    return base::fail(ErrorKind::not_found, "the service writes no such target", "simulation");
  }
  const auto lane = static_cast<LaneIndex>(found - lane_targets_.begin());
  LaneThread& thread = lane_threads_[lane];
  if (thread.waiting != nullptr || thread.running != nullptr) {
    around_.tally.met(Met::lane_job_refused);
    return base::fail(ErrorKind::conflict, "an earlier command's work has not ended", "simulation");
  }
  const auto given = std::make_shared<GivenJob>(std::move(job), caller.shared_from_this());
  thread.waiting = given;
  if (!thread.calling || around_.broken(Planted::lane_job_beside_batch)) begin_job(lane);
  const std::uint32_t life = life_;
  const base::SteadyTime until = around_.now + limit;
  while (!given->ended && life == life_ && around_.now < until) {
    if (!caller.wait_told(until)) break;
  }
  if (life != life_ || caller.ended()) {
    return base::fail(ErrorKind::unavailable, "the service does not answer", "simulation");
  }
  return given->slip.wait("simulation", {}, std::chrono::milliseconds(0));
}

void Instance::begin_job(LaneIndex lane) {
  LaneThread& thread = lane_threads_[lane];
  const std::shared_ptr<GivenJob> given = std::exchange(thread.waiting, nullptr);
  if (!given->slip.begin()) return;
  around_.tally.met(Met::lane_job);
  thread.running = given;
  check_alone(thread);
  TaskPtr task = Task::begin(around_, owner(), [this, lane, given](Task& own) { do_job(lane, *given, own); });
  if (!task->done()) lane_threads_[lane].task = std::move(task);
}

// As Lane::Core::run_job() does.
void Instance::do_job(LaneIndex lane, GivenJob& given, Task& own) {
  LaneTable table(*this, outside_, lane_targets_[lane], own);
  base::Status status = table.prepare();
  if (status) status = given.slip.run(table);
  if (own.ended()) return;
  given.slip.end(std::move(status));
  given.ended = true;
  given.caller->tell();
  LaneThread& thread = lane_threads_[lane];
  thread.running = nullptr;
  if (auto next = std::exchange(thread.next, std::nullopt)) give(lane, std::move(*next));
}

// The process dies: whoever waits for a job is told that nobody answers.
void Instance::end_jobs() {
  for (LaneThread& thread : std::exchange(lane_threads_, {})) {
    for (const auto& given : {thread.waiting, thread.running}) {
      if (given != nullptr) given->caller->tell();
    }
    if (thread.task != nullptr) thread.task->end();
  }
}

bool Instance::may_crash() {
  if (!up() || !crash_due()) return false;
  kill(around_.chance(0.5));
  return true;
}

std::vector<warehouse::OwedRow> Instance::books_of(std::uint32_t target) const {
  std::vector<warehouse::OwedRow> rows;
  for (std::size_t hour = 0; hour < kHours; ++hour) {
    const HourCounters& waiting = queue.store.counters()[hour];
    const HourCounters& parked = backlogs[target]->store.counters()[hour];
    warehouse::OwedRow row{
        .instance = name(),
        .target = target_name(target),
        .arrival_at = kWallBeginning + std::chrono::hours(hour),
        .received = static_cast<std::uint64_t>(received_in(hour)),
        .owed = static_cast<std::uint64_t>(waiting.received - waiting.settled + parked.received - parked.settled),
        .as_of = wall_now()};
    for (const auto& [of, record] : quarantine.store.records()) {
      if (of.first != target || around_.messages[message_of(*record.event)].hour != hour) continue;
      row.quarantined += 1 + record.further.size();
    }
    const bool this_hour = wall_now() - row.arrival_at < std::chrono::hours(1) && wall_now() >= row.arrival_at;
    if (row.received + row.owed + row.quarantined > 0 || this_hour) rows.push_back(std::move(row));
  }
  return rows;
}

// As Lane::Core::prepare() does.
void Instance::say_that_it_runs(std::uint32_t target) {
  if (!publisher_) return;
  OwedTable table(outside_, target);
  if (table.ping()) (target == 0 ? publisher_ : secondary_publisher_)->begin(table, around_.now);
}

void Instance::tell_books() {
  for (std::uint32_t target = 0; target < around_.plan.targets.size(); ++target) {
    publisher_->give(books_of(target));
  }
  publisher_->speak(warehouse::word_row(name(), warehouse::kRunning, wall_now()));
}

void Instance::publish_books() {
  tell_books();
  OwedTable table(outside_, 0);
  if (table.ping()) publisher_->step(table, around_.now);
  around_.after(kBooksEvery, owner(), [this] { publish_books(); });
}

// As a lane that ends does.
void Instance::publish_last_books() {
  if (!publisher_) return;
  tell_books();
  publisher_->settle();
  OwedTable table(outside_, 0);
  if (table.ping()) publisher_->finish(table);
}

}  // namespace twinshift::simulation
