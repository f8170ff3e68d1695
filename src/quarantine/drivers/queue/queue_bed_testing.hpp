// A queue that several handles reach, quarantines on it, and what their openings can be made to do. One thread, the
// test's.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <gtest/gtest.h>

#include "quarantine/drivers/queue/queue_quarantine.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/queue_handle.hpp"
#include "tests/support/wait_until.hpp"

namespace twinshift::quarantine {

class QueueBed {
 protected:
  // `queue` outlives every quarantine that a test opens, and so does this.
  explicit QueueBed(std::shared_ptr<queue::EventQueue> queue) : queue_(std::move(queue)) {
    options_.clock = &clock_;
    options_.sweep = quick();
    reader_options_.clock = &clock_;
    reader_options_.sweep = quick();
  }
  ~QueueBed() = default;

  static SweepLimits quick() {
    SweepLimits limits;
    limits.first_wait = std::chrono::milliseconds(1);
    limits.empty_wait = std::chrono::milliseconds(1);
    return limits;
  }

  QueueOpener opener() {
    return [this]() -> base::Result<std::unique_ptr<queue::EventQueue>> {
      const int number = ++openings_;
      if (at_opening_) {
        if (auto error = at_opening_(number)) return base::fail(std::move(*error));
      }
      return std::make_unique<Handle>(queue_, closings_);
    };
  }

  std::unique_ptr<Quarantine> open_quarantine() {
    return open_queue_quarantine(std::make_unique<tests::QueueHandle>(queue_), opener(), options_);
  }
  // And waits for the sweep of its start: until then it holds the messages.
  std::unique_ptr<Quarantine> open_swept() {
    const int sweeps = closings_;
    auto opened = open_quarantine();
    EXPECT_TRUE(tests::wait_until([&] { return closings_ > sweeps; }));
    return opened;
  }

  std::unique_ptr<Reader> reader() { return open_queue_quarantine_reader(opener(), reader_options_); }

  class Handle final : public tests::QueueHandle {
   public:
    Handle(std::shared_ptr<queue::EventQueue> queue, std::atomic<int>& closings)
        : QueueHandle(std::move(queue)), closings_(closings) {}
    ~Handle() override {
      close();
      ++closings_;
    }

   private:
    std::atomic<int>& closings_;
  };

  tests::ManualClock clock_;
  const std::shared_ptr<queue::EventQueue> queue_;
  QueueQuarantineOptions options_;
  QueueReaderOptions reader_options_;
  // Called with the number of the opening for a sweep, from 1 on, on the thread that opens; may answer with an error.
  // Set it before anything is open.
  std::function<std::optional<base::Error>(int)> at_opening_;
  std::atomic<int> openings_{0};
  std::atomic<int> closings_{0};
};

}  // namespace twinshift::quarantine
