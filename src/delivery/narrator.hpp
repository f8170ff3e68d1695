// Turns notes into log lines: one a batch at info, a repeated failure at most once in 30 s with its count. The texts
// are those of the service that Twinshift replaces. The conductor's thread only.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "delivery/actions.hpp"

namespace twinshift::delivery {

class Narrator {
 public:
  struct Target {
    std::string name;
    std::string product;
  };
  explicit Narrator(std::vector<Target> targets);

  void tell(const Note& note, base::SteadyTime now);
  void acknowledge_failed(const base::Error& error, base::SteadyTime now);

 private:
  struct Throttles {
    base::log::Throttle failed;
    base::log::Throttle doubted;
    base::log::Throttle quarantined;
    base::log::Throttle table;
    base::log::Throttle park;
    base::log::Throttle other;
  };
  void tell_batch(const Note& note);
  void tell_failure(const Note& note, base::SteadyTime now);
  void tell_refusal(const Note& note, base::SteadyTime now);
  void tell_parking(const Note& note, base::SteadyTime now);
  void tell_other(const Note& note, base::SteadyTime now);

  std::vector<Target> targets_;
  std::vector<Throttles> throttles_;
  base::log::Throttle acknowledge_;
};

}  // namespace twinshift::delivery
