// The one thread that owns the machine: takes in what happened, lets the machine decide, carries its actions out. It
// never waits for a lane, a queue or a backlog.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "delivery/delivery.hpp"
#include "delivery/inputs.hpp"
#include "delivery/lane.hpp"
#include "delivery/machine.hpp"
#include "delivery/narrator.hpp"
#include "delivery/receiver.hpp"
#include "delivery/tally.hpp"
#include "delivery/witness.hpp"

namespace twinshift::delivery {

// What the conductor last published. Any thread.
class StatusBoard {
 public:
  void publish(DeliveryStatus status) {
    const std::lock_guard lock(mutex_);
    status_ = std::move(status);
  }
  DeliveryStatus read() const {
    const std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  mutable std::mutex mutex_;
  DeliveryStatus status_;
};

class Conductor {
 public:
  struct Parts {
    MachineSetup setup;
    queue::EventQueue* queue = nullptr;
    quarantine::Quarantine* quarantine = nullptr;
    std::vector<std::unique_ptr<Lane>>* lanes = nullptr;
    std::vector<backlog::Backlog*> backlogs;  // by lane, may be empty
    const base::Clock* clock = nullptr;
    InputBoxPtr inputs;
    std::shared_ptr<Room> room;
    std::shared_ptr<StatusBoard> board;
    Witness* witness = nullptr;  // may be none
  };
  explicit Conductor(Parts parts);

  // Until a StopAsked has been carried out.
  void run();

 private:
  void take_in(Input& input, Step& step);
  void carry_out(Action& action);
  void drop_one(std::vector<Arrival>& arrivals);
  void carry_out_park(Park& park);
  void carry_out_quarantine(PutInQuarantine& put);
  void carry_out_acknowledge(Acknowledge& acknowledge);
  void give_back(const Release& release);
  void extend(const Extend& extend);
  void note(const Note& note);
  void tally(const Written& written);
  void tally(const MarkerAnswered& answered);
  void witness_landed(const Written& written);
  void witness_landed(const MarkerAnswered& answered);
  void publish();
  [[nodiscard]] std::chrono::milliseconds wait_time() const;
  [[nodiscard]] const std::string& name_of(LaneIndex lane) const { return machine_.lane(lane).setup.name; }

  Parts parts_;
  Machine machine_;
  Narrator narrator_;
  std::vector<std::optional<base::WallTime>> last_commits_;
  std::vector<Tally> tallies_;  // by lane
  std::optional<base::SteadyTime> give_up_at_;
  std::uint64_t received_ = 0;
  std::uint64_t undecodable_ = 0;
};

}  // namespace twinshift::delivery
