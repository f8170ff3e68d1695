#include "delivery/receiver.hpp"

#include <algorithm>
#include <utility>

#include "base/backoff.hpp"
#include "delivery/lane.hpp"
#include "delivery/settlement.hpp"

namespace twinshift::delivery {
namespace {

// Assumed until the first messages have shown their true size.
constexpr std::size_t kRowBytesFirst = 256U << 10U;
constexpr base::BackoffLimits kReceiveRetry{std::chrono::milliseconds(100), std::chrono::milliseconds(10'000)};

class Loop {
 public:
  explicit Loop(Receiver::Parts parts) : parts_(std::move(parts)), random_(parts_.seed), backoff_(kReceiveRetry) {}

  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const std::size_t rows = parts_.room->wait(sent_, row_bytes_, stop);
      if (rows == 0) continue;
      auto leases =
          parts_.queue->receive(std::min(rows, parts_.limits.receive_rows_max), parts_.limits.receive_wait, stop);
      if (leases) {
        if (backoff_.failures() > 0) parts_.room->set_error({});
        backoff_.reset();
        if (!leases->empty()) hand_over(std::move(*leases));
      } else if (leases.error().kind != base::ErrorKind::cancelled || !stop.stop_requested()) {
        fail(leases.error(), stop);
      }
    }
  }

 private:
  void hand_over(std::vector<queue::Lease> leases) {
    Received received;
    received.arrivals.reserve(leases.size());
    std::size_t bytes = 0;
    for (queue::Lease& lease : leases) {
      received.arrivals.push_back(decode_lease(std::move(lease), parts_.identity));
      const event::EventPtr& event = received.arrivals.back().event;
      if (event != nullptr) bytes += event_bytes(*event);
    }
    row_bytes_ = std::max<std::size_t>(1, bytes / leases.size());
    sent_ += leases.size();
    parts_.inputs->try_put(Input(std::move(received)));  // refused only after the conductor's end: the leases run out
  }

  void fail(const base::Error& error, const std::stop_token& stop) {
    parts_.room->set_error(error.text());
    if (const auto count = throttle_.pass(error.message, std::chrono::steady_clock::now())) {
      base::log::error("Failed to receive messages from the queue").add("count", *count).add(error);
    }
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, stop, backoff_.next(random_), [] { return false; });
  }

  Receiver::Parts parts_;
  base::Random random_;
  base::Backoff backoff_;
  base::log::Throttle throttle_;
  std::uint64_t sent_ = 0;
  std::size_t row_bytes_ = kRowBytesFirst;
};

}  // namespace

void Room::publish(std::size_t rows, std::size_t bytes, std::uint64_t processed) {
  {
    const std::lock_guard lock(mutex_);
    rows_ = rows;
    bytes_ = bytes;
    processed_ = processed;
  }
  changed_.notify_one();
}

std::size_t Room::wait(std::uint64_t sent, std::size_t row_bytes, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop, [&] { return rows_free(sent, row_bytes) > 0; });
  return stop.stop_requested() ? 0 : rows_free(sent, row_bytes);
}

std::size_t Room::rows_free(std::uint64_t sent, std::size_t row_bytes) const {
  const std::uint64_t under_way = sent - processed_;
  const std::size_t by_bytes = bytes_ == 0 ? 0 : std::max<std::size_t>(1, bytes_ / row_bytes);
  const std::size_t rows = std::min(rows_, by_bytes);
  return rows > under_way ? rows - under_way : 0;
}

void Room::set_error(std::string error) {
  const std::lock_guard lock(mutex_);
  error_ = std::move(error);
}

std::string Room::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

Receiver::Receiver(Parts parts)
    : worker_("receiver",
              [loop = std::make_shared<Loop>(std::move(parts))](std::stop_token stop) { loop->run(stop); }) {}

}  // namespace twinshift::delivery
