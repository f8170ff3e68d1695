// The troubles of a world, one after the other, as its plan allows; and the end of them. One thread.
#pragma once

#include "tests/simulation/instance.hpp"

namespace twinshift::simulation {

class Storm {
 public:
  explicit Storm(Outside& outside) : outside_(outside), around_(outside.around) {}

  void begin() { next(); }
  // Everything is mended; what was switched off is switched on again.
  void end();

 private:
  void next();
  void strike();
  void strike_warehouse();
  void strike_process(Instance& instance);
  void strike_disk(Instance& instance);
  Instance& some_instance();

  Outside& outside_;
  Surroundings& around_;
};

}  // namespace twinshift::simulation
