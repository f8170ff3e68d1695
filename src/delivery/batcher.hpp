// What gathers for a lane's next batch while the one before commits. Batches grow by themselves with load and with
// commit latency; a lane that has been idle starts at once. No I/O, no clock; one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "delivery/limits.hpp"
#include "delivery/settlement.hpp"

namespace twinshift::delivery {

// How many rows a batch may have now: halved after a batch that took too long, growing back slowly while full ones
// land.
class RowsCap {
 public:
  explicit RowsCap(std::size_t most) : most_(most), now_(most) {}
  [[nodiscard]] std::size_t rows() const { return now_; }
  void took_too_long(std::size_t rows) { now_ = std::max<std::size_t>(1, std::min(now_, rows) / 2); }
  void landed(std::size_t rows) {
    if (rows >= now_) now_ = std::min(most_, now_ + std::max<std::size_t>(1, now_ / 8));
  }

 private:
  const std::size_t most_;
  std::size_t now_;
};

class Batcher {
 public:
  explicit Batcher(const TargetLimits& limits) : limits_(limits), cap_(limits.batch_rows_max) {}

  RowsCap& cap() { return cap_; }

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
  RowsCap cap_;
  std::deque<Waiting> waiting_;
  std::size_t bytes_ = 0;
};

}  // namespace twinshift::delivery
