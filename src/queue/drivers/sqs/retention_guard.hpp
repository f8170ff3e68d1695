// Keeps messages beyond the queue's retention: one that is old is sent again, and when that is durable the old one is
// deleted. For queues that hold debts (a backlog, the quarantine): SQS forgets after 14 days at most, a debt does not.
//
// Old messages are noticed when they are received for delivery, and by rounds of its own thread, since nobody receives
// the debts of a target that is down. Each round is a receive more for the messages that it meets.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "queue/drivers/sqs/calls.hpp"
#include "queue/drivers/sqs/complaints.hpp"
#include "queue/drivers/sqs/loan_book.hpp"
#include "queue/drivers/sqs/sender.hpp"
#include "queue/drivers/sqs/settler.hpp"

namespace twinshift::queue::sqs {

struct RetentionOptions {
  Caller caller = {};
  std::string queue_url = {};
  std::chrono::seconds renew_after{0};  // 0: off
  // Not at a start, when the lanes want the same messages.
  std::chrono::milliseconds first_round_after{std::chrono::minutes(5)};
  std::string thread_name = "sqs";
};

class RetentionGuard {
 public:
  RetentionGuard(RetentionOptions options, Sender& sender, Settler& settler, Complaints& complaints);
  ~RetentionGuard();
  RetentionGuard(const RetentionGuard&) = delete;
  RetentionGuard& operator=(const RetentionGuard&) = delete;

  // Takes the old ones out of `received` and renews them. Any thread.
  void take_old(std::vector<Received>& received);
  // The queue's own: half of it is soon enough, where that is sooner than `renew_after`. Any thread.
  void set_retention(std::chrono::seconds retention);
  // Ends the rounds. Idempotent.
  void stop();

 private:
  void run(const std::stop_token& stop);
  void make_round(const std::stop_token& stop);
  bool poll(const std::stop_token& stop, std::vector<Settling>& young);
  void renew(const Received& received);
  [[nodiscard]] bool is_old(const Received& received) const;

  const RetentionOptions options_;
  Sender& sender_;
  Settler& settler_;
  Complaints& complaints_;
  std::atomic<std::chrono::seconds> renew_after_;
  std::jthread thread_;
};

}  // namespace twinshift::queue::sqs
