// Steps a machine with two lanes, call by call, for the tests of its rules.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "delivery/machine.hpp"

namespace twinshift::delivery {
inline constexpr LaneIndex kPrimary = 0;
inline constexpr LaneIndex kSecondary = 1;

inline base::Error trouble(base::ErrorKind kind) {
  return {kind, "trouble", "test", {}};
}

class MachineTest : public testing::Test {
 protected:
  MachineTest() {
    for (const bool primary : {true, false}) {
      LaneSetup lane{.name = primary ? "primary" : "secondary", .is_primary = primary, .has_backlog = !primary};
      lane.limits.batch_rows_max = 100;
      lane.limits.batch_age_max = std::chrono::milliseconds(0);
      lane.limits.budget_rows_max = 300;
      lane.limits.breaker_failures_max = 3;
      setup_.lanes.push_back(lane);
    }
    setup_.flow.hold_rows_max = 400;
    setup_.mint_batch_id = [this] { return fmt::format("b{}", ++ids_); };
  }

  // Both targets asked for the first time.
  void start() {
    machine_ = std::make_unique<Machine>(setup_);
    tick();
  }
  // Both targets greeted, the secondary's backlog found empty.
  void boot() {
    start();
    for (LaneIndex lane = 0; lane < setup_.lanes.size(); ++lane) {
      step([&](Step& s) { machine_->probed(lane, {}, s); });
    }
    for (LaneIndex lane = 0; lane < setup_.lanes.size(); ++lane) answer_fetch(lane);
    actions_.clear();
  }

  template <class Input>
  void step(Input input) {
    Step s{.now = now_};
    input(s);
    std::ranges::move(s.actions, std::back_inserter(actions_));
  }
  void tick(std::chrono::milliseconds after = std::chrono::milliseconds(0)) {
    now_ += after;
    step([&](Step& s) { machine_->tick(s); });
  }

  Arrival arrival(std::uint32_t attempt = 1) {
    auto event = std::make_shared<event::Event>();
    event->key = ++receipts_;
    for (std::size_t i = 0; i < 8; ++i) event->id.bytes[i] = static_cast<std::uint8_t>(event->key >> (8 * i));
    return {.event = std::move(event),
            .receipt = {.id = receipts_, .generation = 1, .handle = {}},
            .attempt = attempt,
            .deadline = now_ + std::chrono::seconds(60)};
  }
  void receive(std::size_t rows) {
    std::vector<Arrival> arrivals;
    for (std::size_t i = 0; i < rows; ++i) arrivals.push_back(arrival());
    step([&](Step& s) { machine_->received(std::move(arrivals), s); });
  }

  // The actions of one type since the last time, taken out.
  template <class T>
  std::vector<T> take() {
    std::vector<T> out;
    std::erase_if(actions_, [&](const Action& action) {
      const T* found = std::get_if<T>(&action);
      if (found != nullptr) out.push_back(*found);
      return found != nullptr;
    });
    return out;
  }
  std::optional<WriteBatch> take_write(LaneIndex lane) {
    std::optional<WriteBatch> out;
    std::erase_if(actions_, [&](const Action& action) {
      const auto* write = std::get_if<WriteBatch>(&action);
      if (write == nullptr || write->lane != lane || out) return false;
      out = *write;
      return true;
    });
    return out;
  }
  std::size_t acknowledged() {
    std::size_t rows = 0;
    for (const Acknowledge& each : take<Acknowledge>()) rows += each.receipts.size();
    return rows;
  }
  bool noted(NoteKind kind) {
    return std::ranges::any_of(actions_, [&](const Action& action) {
      const Note* note = std::get_if<Note>(&action);
      return note != nullptr && note->kind == kind;
    });
  }

  // What the log is told the database calls the batch, in the last note of that kind.
  std::string noted_statement(NoteKind kind) {
    std::string id;
    for (const Action& action : actions_) {
      const Note* note = std::get_if<Note>(&action);
      if (note != nullptr && note->kind == kind) id = note->statement_id;
    }
    return id;
  }

  void commit(const WriteBatch& write, std::vector<std::size_t> rejected = {}) {
    warehouse::WriteReport report;
    report.outcomes.assign(write.batch->events.size(), warehouse::Outcome::written);
    report.reasons.resize(report.outcomes.size());
    for (const std::size_t row : rejected) report.outcomes[row] = warehouse::Outcome::rejected;
    step([&](Step& s) { machine_->written(write.lane, std::move(report), std::chrono::milliseconds(1), s); });
  }
  void commit_next(LaneIndex lane) {
    const auto write = take_write(lane);
    ASSERT_TRUE(write);
    commit(*write);
  }
  void fail(LaneIndex lane, base::ErrorKind kind) {
    step([&](Step& s) { machine_->written(lane, base::fail(trouble(kind)), std::chrono::milliseconds(1), s); });
  }
  void fail_next(LaneIndex lane, base::ErrorKind kind) {
    ASSERT_TRUE(take_write(lane));
    fail(lane, kind);
  }
  void answer_fetch(LaneIndex lane, std::vector<Arrival> arrivals = {}) {
    std::erase_if(actions_, [&](const Action& action) {
      const auto* fetch = std::get_if<FetchBacklog>(&action);
      if (fetch == nullptr || fetch->lane != lane) return false;
      step_pending_ = true;
      return true;
    });
    if (!std::exchange(step_pending_, false)) return;
    step([&](Step& s) { machine_->fetched(lane, std::move(arrivals), s); });
  }
  // Keys of the events that were to be quarantined.
  std::vector<std::int64_t> answer_quarantine(bool kept = true) {
    std::vector<std::int64_t> keys;
    for (const PutInQuarantine& put : take<PutInQuarantine>()) {
      for (const quarantine::Refused& each : put.events) keys.push_back(each.event->key);
      base::Status status;
      if (!kept) status = base::fail(trouble(base::ErrorKind::full));
      step([&](Step& s) { machine_->quarantined(put.lane, put.group, status, s); });
    }
    return keys;
  }
  void answer_parks(bool parked) {
    for (const Park& park : take<Park>()) {
      base::Status status;
      if (!parked) status = base::fail(trouble(base::ErrorKind::full));
      step([&](Step& s) { machine_->parked(park.lane, park.group, status, s); });
    }
  }

  MachineSetup setup_;
  std::unique_ptr<Machine> machine_;
  Actions actions_;
  base::SteadyTime now_{std::chrono::hours(1)};
  std::int64_t receipts_ = 0;
  int ids_ = 0;
  bool step_pending_ = false;
};

}  // namespace twinshift::delivery
