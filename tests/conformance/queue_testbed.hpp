// What a queue driver brings along to be tested: drivers/<name>/<name>_testbed.cpp defines make_<name>_queue_testbed().
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "queue/event_queue.hpp"

namespace twinshift::queue {

struct TestbedLimits {
  std::chrono::milliseconds lease_timeout{30'000};
  // Bound of what waits for durability; 0: the driver's own.
  std::size_t inbox_messages_max = 0;
  std::uint64_t messages_max = 0;
};

class QueueTestbed {
 public:
  virtual ~QueueTestbed() = default;
  // Opens the queue on this testbed's storage: empty the first time, what was left there afterwards. The one opened
  // before must be closed.
  virtual std::unique_ptr<EventQueue> open(TestbedLimits limits) = 0;
  // Lets the queue's clock go on by `by` without waiting, or waits.
  virtual void advance(std::chrono::milliseconds by) = 0;
};

// From the driver table: one function a driver.
#define QUEUE_DRIVER(name) std::unique_ptr<QueueTestbed> make_##name##_queue_testbed();
#include "app/drivers.def"

}  // namespace twinshift::queue
