// One look at everything that stands in the quarantine's queue: lent, read, given back. One thread at a time.
//
// A sweep has a queue object of its own, opened for it and closed after it. Closing gives everything back at once, and
// ends whatever the driver still receives ahead: otherwise that would go on lending what the next reader waits for.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <stop_token>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "quarantine/drivers/queue/refusal_message.hpp"
#include "queue/event_queue.hpp"

namespace twinshift::quarantine {

// Opens the queue anew; what one object has lent is hidden from the others until it is closed.
using QueueOpener = std::function<base::Result<std::unique_ptr<queue::EventQueue>>()>;

struct SweepLimits {
  // Held at once. SQS lends 120,000 at most, to all readers together.
  std::size_t messages_max = 50'000;
  std::size_t receive_messages_max = 500;
  // The first receive may have to connect first. It is over after `empty_receives_min` empty ones in a row, or up to
  // `empty_receives_max` while the queue says that there is more (another reader may give it back), or says nothing.
  std::chrono::milliseconds first_wait{5'000};
  std::chrono::milliseconds empty_wait{2'000};
  std::size_t empty_receives_min = 2;
  std::size_t empty_receives_max = 5;
  std::chrono::milliseconds time_max{180'000};
  // For a deletion's answer.
  std::chrono::milliseconds settle_max{30'000};
};

struct Swept {
  std::size_t messages = 0;
  std::size_t foreign = 0;  // not written by this version of ours: left where they are
  bool is_all = false;      // false: a bound was reached, another reader holds the rest, or it is not known
};

// Logs how many there are, where there are any.
void warn_of_foreign(const Swept& swept);

class Sweep {
 public:
  using Visit = std::function<void(Refusal refusal)>;

  static base::Result<Sweep> open(const QueueOpener& open, SweepLimits limits, const base::Clock& clock);
  Sweep(Sweep&&) = default;
  Sweep& operator=(Sweep&&) = delete;
  Sweep(const Sweep&) = delete;
  Sweep& operator=(const Sweep&) = delete;
  ~Sweep();

  // Calls `visit` for each refusal, with views into a body that is gone afterwards. Errors: the queue's; cancelled.
  base::Result<Swept> run(const std::stop_token& stop, const Visit& visit);

  // Deletes the messages of these numbers. After an error some of them may be gone.
  base::Status acknowledge(const std::set<std::int64_t>& numbers);

  // Gives the rest back. Idempotent.
  void close();

 private:
  struct Held {
    std::int64_t number = 0;  // 0: a foreign one
    queue::Receipt receipt;
  };
  Sweep(std::unique_ptr<queue::EventQueue> queue, SweepLimits limits, const base::Clock& clock)
      : queue_(std::move(queue)), limits_(limits), clock_(&clock) {}

  void take(std::vector<queue::Lease> leases, const Visit& visit, Swept& swept);
  void hold_on();

  std::unique_ptr<queue::EventQueue> queue_;
  SweepLimits limits_;
  const base::Clock* clock_;
  std::vector<Held> held_;
  base::SteadyTime extend_at_ = base::SteadyTime::max();
};

}  // namespace twinshift::quarantine
