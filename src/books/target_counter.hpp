// Completes samples for one target, on a thread of its own: what the queue's side has counted comes in, the target's
// side is read after it, and the outcome is shown. Internal to books/.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "books/keeper.hpp"
#include "delivery/worker.hpp"

namespace twinshift::books {

struct CountOrder {
  std::uint64_t number = 0;
  base::WallTime at{};
  Sample sample;  // received, owed and waived are in
};

class TargetCounter {
 public:
  // Uses of `parts` the name and what is called on the target's thread.
  explicit TargetCounter(const TargetParts& parts);

  // Replaces an order that has not been begun. Any thread.
  void give(CountOrder order);
  // With the next order that is begun all hours are read. Any thread.
  void read_all_hours();
  // The queue's side could not be counted: no order of this number comes. Any thread.
  void fail(std::uint64_t number, const base::Error& error);

  [[nodiscard]] TargetBooks books() const;
  // True where an order of this number or a later one is done by `until`; false at once after cancel_waits().
  bool wait_for(std::uint64_t number, std::chrono::steady_clock::time_point until) const;

  // True where what an order of this number or a later one says was given to be published by `until`.
  bool wait_for_publication(std::uint64_t number, std::chrono::steady_clock::time_point until) const;

  void cancel_waits();

  // False where the thread does not end within `limit`: it is left behind.
  bool close(std::chrono::milliseconds limit);

 private:
  struct Core;  // shared with the thread
  std::shared_ptr<Core> core_;
  delivery::Worker worker_;
};

}  // namespace twinshift::books
