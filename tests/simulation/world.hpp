// The simulated world: queue, backlogs, warehouses, time and failures, all from one seed and in one thread, around the
// machine that the service itself runs (src/delivery/machine.hpp). A run has a stormy part and a calm end; what must
// always hold is checked at every acknowledgement, and at the end that everything arrived.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "delivery/machine.hpp"
#include "tests/simulation/sim_queue.hpp"
#include "tests/simulation/sim_warehouse.hpp"

namespace twinshift::simulation {

// Deliberately broken variants: each one must be caught, or the simulator proves nothing.
enum class Planted {
  nothing,
  acknowledge_before_parking,     // a park is answered before it is durable
  acknowledge_before_quarantine,  // likewise what is to be quarantined
  believe_unknown,                // an unknown outcome is taken for a commit
  invent_marker,                  // a marker is found that is not there
  acknowledge_released,           // what should go back to the queue is deleted
  write_twice,                    // the warehouse does not look up what it holds
};

class World {
 public:
  World(std::uint64_t seed, Planted planted, bool traced = false);

  // What was violated, or nothing.
  std::optional<std::string> run();
  [[nodiscard]] const std::vector<std::string>& trace() const { return trace_; }
  [[nodiscard]] std::uint64_t steps() const { return steps_; }

 private:
  // Something on its way: `effect` changes the world, `reply` tells the machine. A crash may lose either.
  struct Pending {
    std::function<void()> effect;
    std::function<void()> reply;
  };

  void boot();
  void crash();
  void stop_gracefully();
  void step_once(bool stormy);
  void storm();
  void heal();
  void accept_events();
  void receive();
  void with_machine(const std::function<void(delivery::Step&)>& input);

  void carry_out(const delivery::WriteBatch& action);
  void carry_out(const delivery::FindMarker& action);
  void carry_out(const delivery::Probe& action);
  void carry_out(const delivery::FetchBacklog& action);
  void carry_out(const delivery::Park& action);
  void carry_out(const delivery::PutInQuarantine& action);
  void carry_out(const delivery::Acknowledge& action);
  void carry_out(const delivery::Release& action);
  void carry_out(const delivery::Extend& action);
  void carry_out(const delivery::Note&) {}

  void schedule(std::chrono::milliseconds in, Pending pending);
  void check_acknowledged(delivery::Source source, const queue::Receipt& receipt);
  void check_bounds();
  void check_end();
  void violated(std::string what);
  void note(const std::string& what);
  [[nodiscard]] bool settled() const;
  [[nodiscard]] base::SteadyTime next_moment() const;
  SimQueue& source(delivery::Source source) { return source == delivery::kQueue ? queue_ : backlogs_[source]; }
  std::chrono::milliseconds disk_time() { return std::chrono::milliseconds(random_.below(20)); }

  base::Random random_;
  const Planted planted_;
  const bool traced_;
  delivery::MachineSetup setup_;
  base::SteadyTime now_{std::chrono::hours(1)};
  SimQueue queue_;
  std::vector<SimQueue> backlogs_;
  std::vector<SimWarehouse> warehouses_;
  std::vector<bool> backlog_full_;
  std::vector<std::set<std::int64_t>> quarantines_;  // by target: event keys
  bool quarantine_full_ = false;
  std::unique_ptr<delivery::Machine> machine_;
  std::multimap<base::SteadyTime, Pending> pending_;
  std::vector<event::EventPtr> accepted_;
  std::size_t events_max_ = 0;
  std::uint64_t batch_ids_ = 0;
  std::uint64_t steps_ = 0;
  std::uint64_t steps_here_ = 0;  // without time passing
  std::optional<std::string> violation_;
  std::vector<std::string> trace_;
};

}  // namespace twinshift::simulation
