// A simulated world: instances, warehouses, a queue, senders, time and troubles, all from one seed and in one thread,
// around the machine that the service itself runs (src/delivery/machine.hpp). A run has a stormy part and a calm end;
// the rules of design.md are checked at each act, after each crash, now and then, and at the end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/acts.hpp"
#include "tests/simulation/books.hpp"
#include "tests/simulation/commands.hpp"
#include "tests/simulation/corruption.hpp"
#include "tests/simulation/inspection.hpp"
#include "tests/simulation/operators.hpp"
#include "tests/simulation/senders.hpp"
#include "tests/simulation/storm.hpp"

namespace twinshift::simulation {

class World {
 public:
  explicit World(std::uint64_t seed, Planted planted = Planted::nothing, Eyes eyes = Eyes::all, bool traced = false);

  // What was violated, or nothing.
  std::optional<std::string> run();

  [[nodiscard]] const std::vector<std::string>& trace() const { return around_.trace.lines(); }
  [[nodiscard]] const Plan& plan() const { return around_.plan; }
  [[nodiscard]] const Excuses& excuses() const { return books_.excuses(); }
  [[nodiscard]] const Tally& tally() const { return around_.tally; }
  [[nodiscard]] std::uint64_t actions() const { return around_.actions; }
  [[nodiscard]] std::uint64_t messages() const { return around_.messages.size(); }

 private:
  void describe();
  void happen(Moment moment);
  void look();
  void pulse();
  void end_storm();
  void check_progress();
  [[nodiscard]] bool settled();
  [[nodiscard]] bool over();
  [[nodiscard]] std::string what_is_left() const;

  Surroundings around_;
  Outside outside_;
  Senders senders_;
  Storm storm_;
  Books books_;
  Verdicts verdicts_;
  Commands commands_;
  Corruption corruption_;
  Operators operators_;
  Inspection inspection_;
  base::SteadyTime looked_at_{};
  std::uint64_t moments_in_second_ = 0;
  base::SteadyTime second_{};
};

}  // namespace twinshift::simulation
