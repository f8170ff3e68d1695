// What an instance owes, as its control socket tells a command: the service's own StoreDebts over the simulated stores,
// and the others' published books beside it (app::DebtsOfAll). One thread.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "proof/debts.hpp"
#include "proof/store_debts.hpp"
#include "tests/simulation/instance.hpp"
#include "tests/simulation/task.hpp"

namespace twinshift::simulation {

// Who asks whom: a command, and the life of the instance that it has found.
class Line {
 public:
  Line(Outside& outside_in, Instance& instance_in, Task& task_in)
      : outside(outside_in),
        instance(instance_in),
        task(task_in),
        life_(instance_in.life()),
        power_losses_(instance_in.power_losses()) {}

  // A request's way there: `unavailable` where that process does not live any more.
  base::Status ask() const;
  // They stand on one machine.
  [[nodiscard]] bool has_power() const { return instance.power_losses() == power_losses_; }
  [[nodiscard]] bool alive() const { return !task.ended() && instance.up() && instance.life() == life_; }

  Outside& outside;
  Instance& instance;
  Task& task;

 private:
  const std::uint32_t life_;
  const std::uint32_t power_losses_;
};

// The embedded queue and the backlogs for reading; as_parts() for whoever reads them in the service.
class Stores {
 public:
  explicit Stores(const Line& line);
  ~Stores();
  [[nodiscard]] proof::StoreDebts::Parts parts();

 private:
  struct Queue;
  struct Backlog;
  std::unique_ptr<Queue> queue_;
  std::unique_ptr<Backlog> backlog_;
};

// As an instance's clock shows it.
class InstanceClock final : public base::Clock {
 public:
  explicit InstanceClock(const Line& line) : line_(line) {}
  [[nodiscard]] base::WallTime now() const override { return line_.instance.wall_now(); }
  [[nodiscard]] base::SteadyTime steady() const override { return line_.outside.around.now; }

 private:
  const Line& line_;
};

// `line` and `clock` outlive it.
std::unique_ptr<proof::Debts> debts_of(const Line& line, const base::Clock& clock);

}  // namespace twinshift::simulation
