// Who is right: what a comparison names, what a repair copies and what an erasure leaves behind, against the truth of
// the world. Looks at everything and changes nothing. One thread.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "proof/finding.hpp"
#include "tests/simulation/instance.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::simulation {

class Verdicts {
 public:
  explicit Verdicts(Outside& outside) : outside_(outside), around_(outside.around) {}

  // As a command finds the world when it begins.
  struct Begin {
    base::SteadyTime at{};
    std::set<std::pair<std::uint32_t, std::int64_t>> quarantined{};  // by target and event, anywhere
  };
  [[nodiscard]] Begin begin() const;
  // A comparison that began then names this. What is in order is never named.
  void named(const proof::Finding& finding, base::SteadyTime begun);
  // A repair that began then copies these: nothing that was owed or quarantined all the while.
  void copies(std::uint32_t target, const warehouse::Batch& batch, const Begin& begin);

  // Somebody's events that an instance can find now: after a whole erasure there they stand nowhere ever again.
  [[nodiscard]] std::vector<std::int64_t> found_now(const Instance& instance, std::int64_t person);
  void erased(const std::vector<std::int64_t>& events);
  void check_erased();

  // Both sides hold it once and sound, or neither has it.
  [[nodiscard]] bool in_order(std::int64_t number) const;
  // Likewise, as far as digests show it: what the rows tell they do not.
  [[nodiscard]] bool looks_in_order(std::int64_t number) const;
  // No row of it tells it any more.
  [[nodiscard]] bool hopeless(std::int64_t number) const;
  [[nodiscard]] bool quarantined_anywhere(std::uint32_t target, std::int64_t number) const;
  // May a target lack it for another reason than somebody's hand: waived, or lost by a disk that lied?
  [[nodiscard]] bool lacked_by_right(std::uint32_t target, std::int64_t number) const;

 private:
  void count(const Instance& instance, const std::vector<std::int64_t>& events);
  [[nodiscard]] bool spoilt_since(std::uint32_t target, std::int64_t number, base::SteadyTime begun) const;
  [[nodiscard]] bool justified(const proof::Finding& finding, std::uint32_t target, std::int64_t number,
                               base::SteadyTime begun) const;
  [[nodiscard]] bool owed_since(std::uint32_t target, std::int64_t number, base::SteadyTime begun) const;
  template <class Is>
  [[nodiscard]] bool any_message(std::int64_t number, Is is) const;

  Outside& outside_;
  Surroundings& around_;
  std::set<std::int64_t> erased_;
};

}  // namespace twinshift::simulation
