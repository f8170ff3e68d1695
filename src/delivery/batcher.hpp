// What gathers for a lane's next batch while the one before commits. Batches grow by themselves with load and with
// commit latency; a lane that has been idle starts at once. No I/O, no clock; one thread.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "delivery/limits.hpp"
#include "delivery/settlement.hpp"

namespace twinshift::delivery {

class Batcher {
 public:
  explicit Batcher(const TargetLimits& limits) : limits_(limits) {}

  void add(MessageRef ref, std::size_t bytes, base::SteadyTime now) {
    waiting_.push_back({ref, bytes, now});
    bytes_ += bytes;
  }

  // When the next batch may start for a lane that has been idle since `idle_since`; nothing where nothing waits. It
  // is at once (a time that has passed) where the batch is full or the lane was idle for batch_age_max.
  [[nodiscard]] std::optional<base::SteadyTime> start_at(base::SteadyTime idle_since) const;

  // The oldest waiting messages, up to the row and the byte cap, at least one.
  std::vector<MessageRef> take();
  std::vector<MessageRef> take_all();

  [[nodiscard]] std::size_t rows() const { return waiting_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] bool empty() const { return waiting_.empty(); }

 private:
  struct Waiting {
    MessageRef ref;
    std::size_t bytes;
    base::SteadyTime since;
  };
  const TargetLimits limits_;
  std::deque<Waiting> waiting_;
  std::size_t bytes_ = 0;
};

}  // namespace twinshift::delivery
