// What waits for the writer's next round: groups of events (bounded by count and bytes), settled events (bounded by the
// number of loans), losses and missing files that the lender found. Any thread puts in, the writer takes out.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "backlog/drivers/segments/journal.hpp"
#include "event/event.hpp"
#include "queue/event_queue.hpp"

namespace twinshift::backlog::segments {

struct ParkGroup {
  std::vector<event::EventPtr> events;
  queue::Done done;
  [[nodiscard]] std::size_t bytes() const;
};
struct Settled {
  std::vector<std::int64_t> events;
  queue::Done done;
};

struct Work {
  std::vector<ParkGroup> parks;
  std::vector<Settled> settled;
  std::vector<EventRange> lost;
  std::vector<std::uint32_t> gone;
  std::size_t events = 0;
  std::size_t bytes = 0;
  bool closing = false;  // nothing more will come once the inbox is empty
};

class Inbox {
 public:
  // `gather`: blocks begin at least this far apart, unless a full one waits: larger ones pack better and are written in
  // fewer fsyncs. After a quiet while the first one goes at once.
  struct Bounds {
    std::size_t events_max = 16'384;
    std::size_t bytes_max = 64'000'000;
    std::chrono::milliseconds gather{100};
  };
  explicit Inbox(Bounds bounds) : bounds_(bounds) {}

  enum class Put { taken, full, closed };
  Put put(ParkGroup& group);
  Put put(Settled& settled);
  void put_lost(std::vector<EventRange> ranges);
  // The file of this segment was not found.
  void put_gone(std::uint32_t segment);

  // Waits up to `wait` for work. What it takes counts as waiting until written() is called.
  Work take(std::chrono::milliseconds wait);
  void written(const Work& work);
  void close();

 private:
  using Time = std::chrono::steady_clock::time_point;
  [[nodiscard]] bool full_block() const;
  [[nodiscard]] bool any() const { return !groups_.empty() || !settled_.empty() || !lost_.empty() || !gone_.empty(); }

  const Bounds bounds_;
  std::mutex mutex_;
  std::condition_variable filled_;
  // All below: mutex_.
  std::deque<ParkGroup> groups_;
  std::vector<Settled> settled_;
  std::vector<EventRange> lost_;
  std::vector<std::uint32_t> gone_;
  std::size_t events_queued_ = 0;
  std::size_t bytes_queued_ = 0;
  std::size_t events_waiting_ = 0;  // queued, and in the round that is being written
  std::size_t bytes_waiting_ = 0;
  Time next_block_{};
  bool closed_ = false;
};

}  // namespace twinshift::backlog::segments
