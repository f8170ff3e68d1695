// Whoever runs commands beside a storm's traffic, while somebody else spoils the tables. One thread.
#pragma once

#include <functional>
#include <vector>

#include "tests/simulation/commands.hpp"
#include "tests/simulation/corruption.hpp"

namespace twinshift::simulation {

class Operators {
 public:
  Operators(Outside& outside, Commands& commands, Corruption& corruption)
      : outside_(outside), around_(outside.around), commands_(commands), corruption_(corruption) {}
  ~Operators();

  void begin();
  [[nodiscard]] bool idle();

 private:
  void next_strike();
  void next_command();
  void run_something(Instance& instance);
  void run(std::function<void(Task&)> command);

  Outside& outside_;
  Surroundings& around_;
  Commands& commands_;
  Corruption& corruption_;
  std::vector<TaskPtr> tasks_;  // commands that run, at most kCommandsMax
};

}  // namespace twinshift::simulation
