// What is still to happen, in order of time. What belongs to a process is lost when that process dies, and waits while
// it is frozen; what belongs to the world (a database that works on a batch, a sender) happens all the same. One
// thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace twinshift::simulation {

// One life of one process.
struct Owner {
  std::int32_t instance = -1;  // -1: the world
  std::uint32_t life = 0;
};
inline constexpr Owner kWorld{};

struct Moment {
  base::SteadyTime at{};
  std::uint64_t order = 0;  // of two at the same time the one that was planned first
  Owner owner{};
  std::move_only_function<void()> happen{};
};

class Timeline {
 public:
  void plan(base::SteadyTime at, Owner owner, std::move_only_function<void()> happen) {
    put({.at = at, .order = ++planned_, .owner = owner, .happen = std::move(happen)});
  }
  // As planned, but later; keeps its place among those of its process.
  void postpone(Moment moment, base::SteadyTime at) {
    moment.at = at;
    put(std::move(moment));
  }
  [[nodiscard]] bool empty() const { return moments_.empty(); }
  Moment take() {
    std::ranges::pop_heap(moments_, later);
    Moment moment = std::move(moments_.back());
    moments_.pop_back();
    return moment;
  }

 private:
  static bool later(const Moment& a, const Moment& b) { return a.at != b.at ? a.at > b.at : a.order > b.order; }
  void put(Moment moment) {
    moments_.push_back(std::move(moment));
    std::ranges::push_heap(moments_, later);
  }

  std::vector<Moment> moments_;  // a heap; bounded by what senders, processes and databases have under way
  std::uint64_t planned_ = 0;
};

}  // namespace twinshift::simulation
