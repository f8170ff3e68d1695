// Somebody's hand in the tables: rows taken, doubled and changed behind the service's back. One thread.
#pragma once

#include <cstdint>

#include "tests/simulation/outside.hpp"

namespace twinshift::simulation {

class Corruption {
 public:
  explicit Corruption(Outside& outside) : outside_(outside), around_(outside.around) {}

  // One row somewhere; nothing where none stands there.
  void strike();
  // All rows of the secondary.
  void empty_secondary();

 private:
  void spoil(SimWarehouse& warehouse, std::int64_t number);

  Outside& outside_;
  Surroundings& around_;
};

}  // namespace twinshift::simulation
