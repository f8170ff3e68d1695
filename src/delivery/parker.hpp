// What of one lane is to go to its backlog, and when: events whose time is over, in groups, with pauses after a failed
// group. No I/O, no clock; one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "base/backoff.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "delivery/limits.hpp"
#include "delivery/settlement.hpp"

namespace twinshift::delivery {

class Parker {
 public:
  Parker(const TargetLimits& limits, std::uint64_t seed);

  // The primary has these; where the lane has not by `at`, they are to be parked. Times never go back.
  void watch(std::vector<MessageRef> refs, base::SteadyTime at);
  // Those of the watched ones whose time is over.
  std::vector<MessageRef> take_due(base::SteadyTime now);

  // To be parked now.
  void add(MessageRef ref) { waiting_.push_back(ref); }
  // The next of those, where one may be sent now.
  std::optional<MessageRef> take_next(base::SteadyTime now);
  // The oldest of those beyond the bound.
  std::optional<MessageRef> take_overflow();

  // A group is on its way; its number.
  std::uint64_t sent(std::vector<MessageRef> refs);
  // The group's answer: its members, empty for an unknown number.
  std::vector<MessageRef> answered(std::uint64_t group, bool parked, base::SteadyTime now);

  [[nodiscard]] std::optional<base::SteadyTime> wake_at() const;
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  [[nodiscard]] std::size_t rows_under_way() const { return rows_under_way_; }

 private:
  struct Watched {
    base::SteadyTime at;
    std::vector<MessageRef> refs;
  };
  const std::size_t rows_max_;
  base::Random random_;
  base::Backoff backoff_;
  base::SteadyTime wait_until_{};
  std::deque<Watched> watched_;
  std::deque<MessageRef> waiting_;
  std::map<std::uint64_t, std::vector<MessageRef>> groups_;
  std::size_t rows_under_way_ = 0;
  std::uint64_t groups_sent_ = 0;
};

}  // namespace twinshift::delivery
