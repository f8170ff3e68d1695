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

// What the promise leaves open, and how this driver does it.
struct TestbedTraits {
  bool keeps_order = true;      // lends in the order of arrival
  bool bounds_messages = true;  // knows messages_max
  // How long it may take until what was done is seen by the next call (a server of its own is between). 0: at once.
  std::chrono::milliseconds settles_in{0};
  // The tests' unit of time: ten of them are a lease. Short where time has to be waited for.
  std::chrono::milliseconds unit{1'000};
};

class QueueTestbed {
 public:
  virtual ~QueueTestbed() = default;
  // Opens the queue on this testbed's storage: empty the first time, what was left there afterwards. The one opened
  // before must be closed.
  virtual std::unique_ptr<EventQueue> open(TestbedLimits limits) = 0;
  // Lets the queue's clock go on by `by` without waiting, or waits.
  virtual void advance(std::chrono::milliseconds by) = 0;
  [[nodiscard]] virtual TestbedTraits traits() const { return {}; }
};

// From the driver table: one function a driver.
#define QUEUE_DRIVER(name) std::unique_ptr<QueueTestbed> make_##name##_queue_testbed();
#include "app/drivers.def"

}  // namespace twinshift::queue
