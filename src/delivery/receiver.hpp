// The thread that takes messages from the queue, decodes each one once, and hands them to the conductor: as many as
// there is room for, so the queue is where everything else waits.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "delivery/inputs.hpp"
#include "delivery/limits.hpp"
#include "delivery/worker.hpp"
#include "event/event.hpp"
#include "queue/event_queue.hpp"

namespace twinshift::delivery {

// How much the conductor has room for. Any thread.
class Room {
 public:
  // The room there is once `processed` received rows have been counted in.
  void publish(std::size_t rows, std::size_t bytes, std::uint64_t processed);
  // Waits for room; the rows that may be received now, 0 when asked to stop.
  std::size_t wait(std::uint64_t sent, std::size_t row_bytes, const std::stop_token& stop);

  void set_error(std::string error);
  std::string error() const;

 private:
  std::size_t rows_free(std::uint64_t sent, std::size_t row_bytes) const;

  mutable std::mutex mutex_;  // guards all below
  std::condition_variable_any changed_;
  std::size_t rows_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t processed_ = 0;
  std::string error_;
};

class Receiver {
 public:
  struct Parts {
    queue::EventQueue* queue = nullptr;
    InputBoxPtr inputs;
    std::shared_ptr<Room> room;
    FlowLimits limits{};
    event::IdentityMode identity = event::IdentityMode::content;
    std::uint64_t seed = 0;
  };
  explicit Receiver(Parts parts);

  void request_stop() { worker_.request_stop(); }
  bool wait(std::chrono::nanoseconds limit) { return worker_.wait(limit); }

 private:
  Worker worker_;
};

}  // namespace twinshift::delivery
