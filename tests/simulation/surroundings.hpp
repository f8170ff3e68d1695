// What every part of a simulated world shares: its time, its luck, its plan, its truth. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/random.hpp"
#include "tests/simulation/catalogue.hpp"
#include "tests/simulation/met.hpp"
#include "tests/simulation/plan.hpp"
#include "tests/simulation/plants.hpp"
#include "tests/simulation/sim_event.hpp"
#include "tests/simulation/timeline.hpp"
#include "tests/simulation/trace.hpp"

namespace twinshift::simulation {

struct Surroundings {
  Surroundings(std::uint64_t seed, Planted planted_in, Eyes eyes_in, bool traced)
      : random(seed),
        planted(planted_in),
        eyes(eyes_in),
        plan(make_plan(random)),
        trace(traced, now),
        catalogue(plan.compares) {}
  Surroundings(const Surroundings&) = delete;
  Surroundings& operator=(const Surroundings&) = delete;

  base::Random random;
  const Planted planted;
  const Eyes eyes;
  const Plan plan;
  base::SteadyTime now = kBeginning;
  Timeline timeline{};
  Trace trace;
  Messages messages{};
  Catalogue catalogue;
  Tally tally{};
  bool stormy = true;
  std::uint64_t actions = 0;  // carried out
  std::optional<std::string> violation{};

  [[nodiscard]] bool broken(Planted which) const { return planted == which; }
  bool chance(double probability) { return random.chance(probability); }
  // In a storm alone.
  bool trouble(double probability) { return stormy && random.chance(probability); }
  std::chrono::microseconds within(std::chrono::microseconds most) {
    return std::chrono::microseconds(random.below(static_cast<std::uint64_t>(most.count()) + 1));
  }
  template <class Happen>
  void after(std::chrono::microseconds in, Owner owner, Happen happen) {
    timeline.plan(now + in, owner, std::move(happen));
  }

  // Seen by whoever looks at every act.
  void violated_now(std::string what) {
    if (eyes == Eyes::all) violated(std::move(what));
  }
  void violated(std::string what) {
    trace.note("VIOLATED: {}", what);
    if (!violation) violation = std::move(what);
  }
};

}  // namespace twinshift::simulation
