// Where pollers and receivers meet: the loan book and its stock under one lock, and the demand that lets polls go on.
// Nothing is received while nobody asks: each receive counts towards the dead-letter queue. Any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "queue/drivers/sqs/loan_book.hpp"
#include "queue/drivers/sqs/poll_pace.hpp"
#include "queue/event_queue.hpp"

namespace twinshift::queue::sqs {

struct DeskLimits {
  std::chrono::milliseconds lease{60'000};
  std::size_t poll_threads = 4;
  std::size_t poll_messages_max = 10;
  // Beyond either no poll starts.
  std::size_t stock_events_max = 2'000;
  std::size_t stock_bytes_max = 32'000'000;
  std::size_t lent_max = 100'000;
};

class LoanDesk {
 public:
  LoanDesk(DeskLimits limits, base::Error closing);

  // For receive(): as the queue's promise says. The error of the last poll where nothing came in time and it failed.
  base::Result<std::vector<Lease>> receive(std::size_t events_max, std::chrono::milliseconds wait,
                                           const std::stop_token& stop);

  // For pollers. Waits until a poll is wanted; false where `stop` or close() came first. Each true is followed by one
  // of the next two, and, after the pause, by end_turn(): the pause is part of the turn, so that no other thread polls
  // in its place.
  bool wait_for_turn(const std::stop_token& stop);
  std::chrono::milliseconds poll_ended(std::vector<Received> received);
  void poll_failed(base::Error error);
  void end_turn();

  // What is to be done at SQS.
  std::vector<Settling> acknowledge(const std::vector<Receipt>& receipts);
  std::vector<Settling> release(const std::vector<Receipt>& receipts, std::chrono::milliseconds delay);
  std::vector<Settling> extend(const std::vector<Receipt>& receipts, std::chrono::milliseconds duration);
  // To be called a few times a lease.
  std::vector<Settling> age();
  // From now on receive() answers with the closing error, and no poll starts.
  void close();
  // Until no poll is under way, for `limit` at most.
  void wait_for_polls(std::chrono::milliseconds limit);
  std::vector<Settling> give_back_all(std::chrono::seconds delay);

  [[nodiscard]] bool is_closed() const;
  [[nodiscard]] std::size_t events_lent() const;
  [[nodiscard]] std::optional<base::WallTime> oldest_sent_at() const;

  // A receiver that is not waiting just now still counts for so long, and for longer where the stock is empty (a lane
  // looks into its backlog every two seconds and does not wait).
  static constexpr std::chrono::milliseconds kDemandKept{250};
  static constexpr std::chrono::milliseconds kDemandKeptEmpty{5'000};

 private:
  [[nodiscard]] bool is_wanted(base::SteadyTime now) const;
  [[nodiscard]] bool has_room() const;

  const DeskLimits limits_;
  const base::Error closing_;
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable_any stocked_;
  std::condition_variable_any wanted_;
  std::condition_variable_any turn_ended_;
  LoanBook book_;
  PollPace pace_;
  std::size_t receivers_ = 0;  // waiting now
  std::optional<base::SteadyTime> asked_at_;
  std::optional<base::Error> error_;
  bool closed_ = false;
};

}  // namespace twinshift::queue::sqs
