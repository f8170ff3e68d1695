// Carries out at SQS what was decided about messages: deletes and changes of visibility, ten a call, every entry's own
// result looked at. Any thread may call its functions; `done` runs on one of its threads, or at once on the caller's.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "queue/drivers/sqs/calls.hpp"
#include "queue/drivers/sqs/complaints.hpp"
#include "queue/drivers/sqs/gatherer.hpp"
#include "queue/drivers/sqs/loan_book.hpp"
#include "queue/event_queue.hpp"
#include "queue/group_done.hpp"

namespace twinshift::queue::sqs {

struct SettlerOptions {
  Caller caller = {};
  std::string queue_url = {};
  std::size_t threads = 4;  // deletes under way; half as many changes of visibility
  // How long an unfilled call of deletes waits for more: nobody waits for a delete but the lease.
  std::chrono::milliseconds gather_max{20};
  std::string thread_name = "sqs";
};

class Settler {
 public:
  Settler(SettlerOptions options, Complaints& complaints);
  ~Settler();
  Settler(const Settler&) = delete;
  Settler& operator=(const Settler&) = delete;

  // `done` is called once all that are deleted are; with success also where a handle has gone stale.
  void settle(std::vector<Settling> settlings, Done done);
  // Nobody waits for these.
  void settle(std::vector<Settling> settlings) {
    settle(std::move(settlings), [](const base::Status&) {});
  }

  // Takes nothing more; finishes what waits, for `limit` at most. Idempotent.
  void close(std::chrono::milliseconds limit);

 private:
  struct Entry {
    std::string handle;
    std::chrono::seconds visibility{0};
    std::shared_ptr<GroupDone> group = nullptr;  // of deletes
    std::size_t bytes = 0;
  };
  using Entries = std::vector<Entry>;

  void run(Gatherer<Entry>& inbox, Action action);
  void carry_out(Entries entries, Action action);
  Entries try_once(Entries entries, Action action, bool is_last_try);
  aws::Outcome<aws::Answer> call(const Entries& entries, Action action);

  const SettlerOptions options_;
  Complaints& complaints_;
  Gatherer<Entry> deletes_;
  Gatherer<Entry> changes_;
  std::stop_source give_up_;
  std::mutex close_mutex_;
  std::vector<std::jthread> threads_;
};

}  // namespace twinshift::queue::sqs
