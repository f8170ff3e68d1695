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
  [[nodiscard]] bool empty() const { return heap_.empty(); }
  Moment take() {
    std::ranges::pop_heap(heap_, later);
    const std::uint32_t slot = heap_.back().slot;
    heap_.pop_back();
    free_.push_back(slot);
    return std::move(moments_[slot]);
  }

 private:
  struct Key {
    base::SteadyTime at{};
    std::uint64_t order = 0;
    std::uint32_t slot = 0;
  };
  static bool later(const Key& a, const Key& b) { return a.at != b.at ? a.at > b.at : a.order > b.order; }
  void put(Moment moment) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(moments_.size()));
      moments_.emplace_back();
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    heap_.push_back({.at = moment.at, .order = moment.order, .slot = slot});
    std::ranges::push_heap(heap_, later);
    moments_[slot] = std::move(moment);
  }

  std::vector<Key> heap_;  // bounded by what senders, processes and databases have under way
  std::vector<Moment> moments_;
  std::vector<std::uint32_t> free_;
  std::uint64_t planned_ = 0;
};

}  // namespace twinshift::simulation
