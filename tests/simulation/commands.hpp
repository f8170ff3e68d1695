// Commands of the service's beside its traffic: verify, repair, rebuild, erase. The decisions are its own (src/proof,
// app::Eraser, app::rebuild); here is what prints nothing and asks simulated tables. One thread, each in its own task.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "proof/repairer.hpp"
#include "proof/verifier.hpp"
#include "tests/simulation/instance.hpp"
#include "tests/simulation/task.hpp"
#include "tests/simulation/verdicts.hpp"

namespace twinshift::simulation {

class Commands {
 public:
  Commands(Outside& outside, Verdicts& verdicts) : outside_(outside), around_(outside.around), verdicts_(verdicts) {}

  struct Compared {
    bool ended = false;  // it could tell all
    std::vector<proof::Finding> findings{};
  };
  // Every finding is judged as it is told.
  Compared verify(Task& task, Instance& instance, bool deep);

  struct Repaired {
    bool ended = false;
    bool changed = false;
    std::set<std::string> refused{};    // ids that the target does not take
    std::set<std::string> undecided{};  // the next run may decide them
  };
  Repaired repair(Task& task, Instance& instance, bool deep);
  Repaired rebuild(Task& task, Instance& instance, std::uint32_t target);
  // True: all is done.
  bool erase(Task& task, Instance& instance, std::int64_t person);
  [[nodiscard]] const std::set<std::int64_t>& erased_persons() const { return erased_persons_; }

 private:
  class Session;
  void count(const proof::Finding& finding);

  Outside& outside_;
  Surroundings& around_;
  Verdicts& verdicts_;
  std::set<std::int64_t> erased_persons_;  // whose erasure was ever begun
};

}  // namespace twinshift::simulation
