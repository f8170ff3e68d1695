// The threads that receive: long polls, as many as the desk lets start. One object owns its threads; stop() from any.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/backoff.hpp"
#include "base/random.hpp"
#include "queue/drivers/sqs/calls.hpp"
#include "queue/drivers/sqs/complaints.hpp"
#include "queue/drivers/sqs/loan_desk.hpp"

namespace twinshift::queue::sqs {

struct PollerOptions {
  Caller caller = {};
  std::string queue_url = {};
  std::size_t threads = 4;
  std::size_t messages_max = 10;
  std::chrono::seconds wait{20};
  std::chrono::milliseconds pause{0};  // after an empty poll where `wait` is 0
  std::chrono::seconds visibility{60};
  std::string thread_name = "sqs";
};

// A message that has arrived damaged is not lent: it comes again, and goes to the dead-letter queue in the end.
struct Polled {
  std::vector<Received> received;
  std::vector<Settling> damaged;
  std::vector<std::string> oversized;  // SQS' ids of received ones that were not unfolded (kUnfoldedBytesMax)
};
Polled read_messages(std::vector<Incoming> incoming);

class Poller {
 public:
  // May take messages out of what a poll brought before they are lent (the retention guard does); any poll thread.
  using Filter = std::function<void(std::vector<Received>&)>;
  using Settle = std::function<void(std::vector<Settling>)>;

  Poller(PollerOptions options, LoanDesk& desk, Complaints& complaints, Settle settle, Filter filter);
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // Ends the polls under way. For as long as is returned SQS may still hand messages to polls that nobody hears any
  // more; those come again when their leases run out.
  std::chrono::seconds stop();

 private:
  void run(const std::stop_token& stop, base::SteadyTime& poll_ends);
  bool poll(const std::stop_token& stop, std::chrono::milliseconds& pause);

  std::chrono::milliseconds next_backoff();

  const PollerOptions options_;
  LoanDesk& desk_;
  Complaints& complaints_;
  const Settle settle_;
  const Filter filter_;
  std::mutex backoff_mutex_;  // guards the next two
  base::Random random_;
  base::Backoff backoff_;
  std::vector<base::SteadyTime> poll_ends_;  // each its thread's, ours once that has ended; {}: it was answered
  std::vector<std::jthread> threads_;
};

}  // namespace twinshift::queue::sqs
