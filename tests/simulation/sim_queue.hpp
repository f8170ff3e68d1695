// A queue as its promise describes it, without threads or disk: the world decides when something is durable.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "delivery/actions.hpp"
#include "event/event.hpp"
#include "queue/event_queue.hpp"

namespace twinshift::simulation {

class SimQueue {
 public:
  void put(event::EventPtr event);
  std::vector<delivery::Arrival> receive(std::size_t rows_max, base::SteadyTime now, std::chrono::milliseconds lease);
  // The event that a receipt stands for now; nothing where the receipt is no longer valid.
  [[nodiscard]] event::EventPtr find(const queue::Receipt& receipt) const;
  void acknowledge(const queue::Receipt& receipt);
  // Not lent before `at`, and the receipt is spent.
  void release(const queue::Receipt& receipt, base::SteadyTime at);
  void extend(const queue::Receipt& receipt, base::SteadyTime until);
  // A restart: what was lent is free again.
  void reopen();

  [[nodiscard]] bool empty() const { return items_.empty(); }
  [[nodiscard]] std::size_t size() const { return items_.size(); }
  [[nodiscard]] bool holds(std::int64_t event_key) const;
  [[nodiscard]] std::optional<base::SteadyTime> next_visible() const;

 private:
  struct Item {
    event::EventPtr event;
    std::uint32_t generation = 0;
    std::uint32_t attempts = 0;
    base::SteadyTime visible_at{};
  };
  [[nodiscard]] const Item* valid(const queue::Receipt& receipt) const;

  std::map<std::int64_t, Item> items_;
  std::unordered_map<std::int64_t, int> copies_;  // by event key
  std::int64_t ids_ = 0;
};

}  // namespace twinshift::simulation
