#include "tests/simulation/world.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace twinshift::simulation {
namespace {

using delivery::LaneIndex;
using std::chrono::milliseconds;

constexpr milliseconds kLease{8'000};
constexpr std::chrono::seconds kStorm{90};
constexpr std::chrono::hours kCalmMost{4};
constexpr std::uint64_t kStepsWithoutTimeMax = 20'000;

// Small bounds, so that each of them is met.
delivery::TargetLimits small_limits(base::Random& random) {
  delivery::TargetLimits limits;
  limits.batch_rows_max = 1 + random.below(12);
  limits.budget_rows_max = 5 + random.below(20);
  limits.parking_rows_max = 5 + random.below(15);
  limits.park_group_rows_max = 1 + random.below(8);
  limits.rejected_rows_max = 3;
  return limits;
}

event::EventPtr make_event(std::int64_t key) {
  auto event = std::make_shared<event::Event>();
  event->key = key;
  for (std::size_t i = 0; i < 8; ++i) event->id.bytes[i] = static_cast<std::uint8_t>(key >> (8 * i));
  event->json = "{}";
  return event;
}

}  // namespace

World::World(std::uint64_t seed, Planted planted, bool traced) : random_(seed), planted_(planted), traced_(traced) {
  const std::size_t targets = 1 + random_.below(3);
  for (std::size_t i = 0; i < targets; ++i) {
    const bool has_backlog = i > 0 && (planted != Planted::nothing || random_.chance(0.9));
    setup_.lanes.push_back({.name = i == 0 ? "primary" : fmt::format("secondary{}", i),
                            .is_primary = i == 0,
                            .has_backlog = has_backlog,
                            .limits = small_limits(random_)});
    warehouses_.emplace_back(random_.next());
    warehouses_.back().report_by_row(random_.chance(0.5));
    warehouses_.back().forget_to_look_up = planted == Planted::write_twice;
    warehouses_.back().invent_markers = planted == Planted::invent_marker;
  }
  backlogs_.resize(targets);
  backlog_full_.resize(targets);
  quarantines_.resize(targets);
  setup_.flow.hold_rows_max = 10 + random_.below(40);
  setup_.flow.lease = kLease;
  setup_.flow.release.most = std::chrono::seconds(60);
  setup_.mint_batch_id = [this] { return fmt::format("b{}", ++batch_ids_); };
  events_max_ = 50 + random_.below(200);
}

std::optional<std::string> World::run() {
  boot();
  const base::SteadyTime storm_ends = now_ + kStorm;
  while (now_ < storm_ends && !violation_) step_once(true);
  heal();
  const base::SteadyTime calm_ends = now_ + kCalmMost;
  while (!settled() && !violation_) {
    step_once(false);
    if (now_ > calm_ends) violated("not settled hours after every fault was mended");
  }
  if (!violation_) check_end();
  return violation_;
}

void World::boot() {
  setup_.seed = random_.next();
  machine_ = std::make_unique<delivery::Machine>(setup_);
  queue_.reopen();
  for (SimQueue& backlog : backlogs_) backlog.reopen();
  with_machine([&](delivery::Step& step) { machine_->tick(step); });
}

// kill -9: what was under way took effect or not; nobody hears of it.
void World::crash() {
  note("crash");
  for (auto& [at, pending] : std::exchange(pending_, {})) {
    if (pending.effect && random_.chance(0.5)) pending.effect();
  }
  boot();
}

void World::stop_gracefully() {
  note("stop");
  const base::SteadyTime deadline = now_ + milliseconds(random_.below(5'000));
  with_machine([&](delivery::Step& step) { machine_->stop(step); });
  while (!machine_->finished() && now_ < deadline && !violation_) {
    now_ = std::max(now_, std::min(deadline, next_moment()));
    while (!pending_.empty() && pending_.begin()->first <= now_) {
      const Pending pending = std::move(pending_.extract(pending_.begin()).mapped());
      if (pending.effect) pending.effect();
      if (pending.reply) pending.reply();
    }
    with_machine([&](delivery::Step& step) { machine_->tick(step); });
    if (++steps_here_ > kStepsWithoutTimeMax) violated("stopping makes no progress");
  }
  steps_here_ = 0;
  if (!machine_->finished()) with_machine([&](delivery::Step& step) { machine_->give_up(step); });
  if (!machine_->finished()) violated("not finished after giving up");
  crash();
}

void World::step_once(bool stormy) {
  ++steps_;
  const base::SteadyTime next = std::max(now_, next_moment());
  const base::SteadyTime limit = now_ + milliseconds(stormy ? 500 : 3'600'000);
  if (std::min(next, limit) > now_) steps_here_ = 0;
  if (++steps_here_ > kStepsWithoutTimeMax) return violated("runs in circles without time passing");
  now_ = std::min(next, limit);
  while (!pending_.empty() && pending_.begin()->first <= now_) {
    const Pending pending = std::move(pending_.extract(pending_.begin()).mapped());
    if (pending.effect) pending.effect();
    if (pending.reply) pending.reply();
  }
  if (stormy) {
    accept_events();
    storm();
  }
  receive();
  with_machine([&](delivery::Step& step) { machine_->tick(step); });
  check_bounds();
}

base::SteadyTime World::next_moment() const {
  base::SteadyTime at = machine_->wake_at(now_);
  if (!pending_.empty()) at = std::min(at, pending_.begin()->first);
  if (machine_->room_rows() > 0) {
    if (const auto visible = queue_.next_visible()) at = std::min(at, *visible);
  }
  return at;
}

void World::accept_events() {
  if (accepted_.size() >= events_max_ || !random_.chance(0.3)) return;
  const std::uint64_t burst = 1 + random_.below(random_.chance(0.2) ? 40 : 4);
  for (std::uint64_t i = 0; i < burst && accepted_.size() < events_max_; ++i) {
    const event::EventPtr event = make_event(static_cast<std::int64_t>(accepted_.size()));
    accepted_.push_back(event);
    for (SimWarehouse& warehouse : warehouses_) {
      if (random_.chance(0.02)) warehouse.refuse(event->key);
    }
    queue_.put(event);
    if (random_.chance(0.02)) queue_.put(event);  // the sender sent it twice
  }
}

void World::storm() {
  if (random_.chance(0.004)) crash();
  if (random_.chance(0.002)) stop_gracefully();
  for (std::size_t i = 0; i < warehouses_.size(); ++i) {
    if (random_.chance(0.01)) {
      warehouses_[i].set_mood(static_cast<Mood>(random_.below(5)));
      note(fmt::format("mood of {} changes", i));
    }
    if (random_.chance(0.002)) warehouses_[i].refuse_all(random_.chance(0.5));
    if (random_.chance(0.01)) backlog_full_[i] = random_.chance(0.3);
  }
  if (random_.chance(0.01)) quarantine_full_ = random_.chance(0.3);
}

void World::heal() {
  note("healed");
  for (SimWarehouse& warehouse : warehouses_) warehouse.heal();
  backlog_full_.assign(backlog_full_.size(), false);
  quarantine_full_ = false;
}

void World::receive() {
  const std::size_t rows = std::min<std::size_t>(machine_->room_rows(), 1 + random_.below(20));
  if (rows == 0) return;
  std::vector<delivery::Arrival> arrivals = queue_.receive(rows, now_, kLease);
  if (arrivals.empty()) return;
  note(fmt::format("receive {}", arrivals.size()));
  with_machine([&](delivery::Step& step) { machine_->received(std::move(arrivals), step); });
}

void World::with_machine(const std::function<void(delivery::Step&)>& input) {
  delivery::Step step{.now = now_};
  input(step);
  for (delivery::Action& action : step.actions) {
    std::visit([this](const auto& each) { carry_out(each); }, action);
  }
}

void World::schedule(milliseconds in, Pending pending) {
  pending_.emplace(now_ + in, std::move(pending));
}

void World::carry_out(const delivery::WriteBatch& action) {
  if (action.batch->events.empty()) violated("a batch without rows was written");
  note(fmt::format("write {} rows {} to {}", action.batch->id, action.batch->events.size(), action.lane));
  using Answer = base::Result<warehouse::WriteReport>;
  const auto answer = std::make_shared<Answer>();
  schedule(warehouses_[action.lane].call_time(),
           {.effect =
                [this, action, answer] {
                  *answer = warehouses_[action.lane].write(*action.batch);
                  const bool unknown = !*answer && answer->error().kind == base::ErrorKind::unknown_outcome;
                  if (unknown && planted_ == Planted::believe_unknown) {
                    *answer = warehouse::WriteReport{};
                    (*answer)->outcomes.assign(action.batch->events.size(), warehouse::Outcome::written);
                  }
                },
            .reply =
                [this, action, answer] {
                  note(fmt::format("{} answers {}: {}", action.lane, action.batch->id,
                                   *answer ? "written" : base::to_string(answer->error().kind)));
                  with_machine([&](delivery::Step& step) {
                    machine_->written(action.lane, std::move(*answer), milliseconds(1), step);
                  });
                }});
}

void World::carry_out(const delivery::FindMarker& action) {
  schedule(
      warehouses_[action.lane].call_time(),
      {.effect = {}, .reply = [this, action] {
         auto found = warehouses_[action.lane].find_marker(action.batch->id);
         if (found && *found && planted_ == Planted::invent_marker) {
           (*found)->inserted = action.batch->events.size() - (*found)->duplicate;
         }
         note(fmt::format("{} answers for the marker of {}", action.lane, action.batch->id));
         with_machine([&](delivery::Step& step) { machine_->marker_answered(action.lane, std::move(found), step); });
       }});
}

void World::carry_out(const delivery::Probe& action) {
  schedule(warehouses_[action.lane].call_time(),
           {.effect = {}, .reply = [this, action] {
              with_machine(
                  [&](delivery::Step& step) { machine_->probed(action.lane, warehouses_[action.lane].ping(), step); });
            }});
}

void World::carry_out(const delivery::FetchBacklog& action) {
  schedule(disk_time(),
           {.effect = {}, .reply = [this, action] {
              base::Result<std::vector<delivery::Arrival>> result =
                  backlogs_[action.lane].receive(action.rows_max, now_, kLease);
              note(fmt::format("fetch {} from backlog {}", result->size(), action.lane));
              with_machine([&](delivery::Step& step) { machine_->fetched(action.lane, std::move(result), step); });
            }});
}

void World::carry_out(const delivery::Park& action) {
  note(fmt::format("park group {} of {} rows for {}", action.group, action.events.size(), action.lane));
  const auto status = std::make_shared<base::Status>();
  auto effect = [this, action, status] {
    if (backlog_full_[action.lane]) {
      // A part of the group may be durable all the same.
      if (random_.chance(0.3)) backlogs_[action.lane].put(action.events.front());
      *status = base::fail(base::ErrorKind::full, "simulated full disk", "simulated backlog");
      return;
    }
    for (const event::EventPtr& event : action.events) backlogs_[action.lane].put(event);
  };
  auto reply = [this, action, status] {
    with_machine([&](delivery::Step& step) { machine_->parked(action.lane, action.group, *status, step); });
  };
  if (planted_ == Planted::acknowledge_before_parking) {
    schedule(milliseconds(0), {.effect = {}, .reply = std::move(reply)});
    schedule(disk_time(), {.effect = std::move(effect), .reply = {}});
  } else {
    schedule(disk_time(), {.effect = std::move(effect), .reply = std::move(reply)});
  }
}

void World::carry_out(const delivery::PutInQuarantine& action) {
  note(fmt::format("quarantine group {} of {} rows for {}", action.group, action.events.size(), action.lane));
  const auto status = std::make_shared<base::Status>();
  auto effect = [this, action, status] {
    if (quarantine_full_) {
      *status = base::fail(base::ErrorKind::full, "simulated full disk", "simulated quarantine");
      return;
    }
    for (const quarantine::Refused& each : action.events) quarantines_[action.lane].insert(each.event->key);
  };
  auto reply = [this, action, status] {
    with_machine([&](delivery::Step& step) { machine_->quarantined(action.lane, action.group, *status, step); });
  };
  if (planted_ == Planted::acknowledge_before_quarantine) {
    schedule(milliseconds(0), {.effect = {}, .reply = std::move(reply)});
    schedule(disk_time(), {.effect = std::move(effect), .reply = {}});
  } else {
    schedule(disk_time(), {.effect = std::move(effect), .reply = std::move(reply)});
  }
}

void World::carry_out(const delivery::Acknowledge& action) {
  note(fmt::format("acknowledge {} of {}", action.receipts.size(), static_cast<int>(action.source)));
  for (const queue::Receipt& receipt : action.receipts) check_acknowledged(action.source, receipt);
  if (random_.chance(0.02)) return;  // lost: the messages come again
  schedule(disk_time(), {.effect =
                             [this, action] {
                               for (const auto& receipt : action.receipts) source(action.source).acknowledge(receipt);
                             },
                         .reply = {}});
}

void World::carry_out(const delivery::Release& action) {
  note(fmt::format("release {} of {}", action.receipts.size(), static_cast<int>(action.source)));
  for (const queue::Receipt& receipt : action.receipts) {
    if (planted_ == Planted::acknowledge_released) {
      check_acknowledged(action.source, receipt);
      source(action.source).acknowledge(receipt);
    } else {
      source(action.source).release(receipt, now_ + action.delay);
    }
  }
}

void World::carry_out(const delivery::Extend& action) {
  if (random_.chance(0.05)) return;  // lost: the lease runs out and the message is lent again
  for (const queue::Receipt& receipt : action.receipts) {
    source(action.source).extend(receipt, now_ + action.duration);
  }
}

// Rules 2 and 3: at this very moment the primary has it, and each secondary has it or owes it durably.
void World::check_acknowledged(delivery::Source from, const queue::Receipt& receipt) {
  const event::EventPtr event = source(from).find(receipt);
  if (event == nullptr) return;  // a spent receipt changes nothing
  for (std::size_t i = 0; i < warehouses_.size(); ++i) {
    if (from != delivery::kQueue && from != i) continue;
    const bool landed = warehouses_[i].copies(event->key) > 0;
    const bool owed = from == delivery::kQueue && i > 0 && backlogs_[i].holds(event->key);
    if (landed || owed || quarantines_[i].contains(event->key)) continue;
    violated(fmt::format("event {} acknowledged while {} neither holds nor owes it nor has it in quarantine",
                         event->key, setup_.lanes[i].name));
  }
}

void World::check_bounds() {
  std::size_t bound = setup_.flow.hold_rows_max;
  for (const delivery::LaneSetup& lane : setup_.lanes) {
    const delivery::TargetLimits& limits = lane.limits;
    bound += limits.budget_rows_max + 2 * limits.parking_rows_max + 2 * limits.batch_rows_max +
             limits.park_group_rows_max + setup_.flow.hold_rows_max;
  }
  if (machine_->in_hand() > bound) violated(fmt::format("{} rows in hand, bound {}", machine_->in_hand(), bound));
}

bool World::settled() const {
  const bool owing = std::ranges::any_of(backlogs_, [](const SimQueue& backlog) { return !backlog.empty(); });
  return queue_.empty() && !owing && machine_->in_hand() == 0;
}

void World::check_end() {
  for (const event::EventPtr& event : accepted_) {
    for (std::size_t i = 0; i < warehouses_.size(); ++i) {
      const int copies = warehouses_[i].copies(event->key);
      if (copies == 1 || (copies == 0 && quarantines_[i].contains(event->key))) continue;
      violated(fmt::format("event {} stands {} times in {} at the end", event->key, copies, setup_.lanes[i].name));
    }
  }
}

void World::violated(std::string what) {
  note("VIOLATED: " + what);
  if (!violation_) violation_ = std::move(what);
}

void World::note(const std::string& what) {
  if (!traced_) return;
  const auto ms = std::chrono::duration_cast<milliseconds>(now_.time_since_epoch()).count() - 3'600'000;
  trace_.push_back(fmt::format("{:>8} ms  {}", ms, what));
}

}  // namespace twinshift::simulation
