// A backlog in an event queue of its own: Amazon SQS, and the files of versions that kept debts in SQLite. Threads: as
// the promise.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backlog/backlog.hpp"

namespace twinshift::backlog {

class QueueBacklog final : public Backlog {
 public:
  QueueBacklog(std::string target, std::unique_ptr<queue::EventQueue> queue);
  ~QueueBacklog() override;

  void park(std::vector<event::EventPtr> events, queue::Done done) override;
  base::Result<std::vector<queue::Lease>> receive(std::size_t events_max, std::chrono::milliseconds wait,
                                                  std::stop_token stop) override;
  void acknowledge(std::vector<queue::Receipt> receipts, queue::Done done) override;
  void release(const std::vector<queue::Receipt>& receipts, std::chrono::milliseconds delay) override;
  void extend(const std::vector<queue::Receipt>& receipts, std::chrono::milliseconds duration) override;
  BacklogStatus status() override;
  base::Result<queue::Arrivals> count_arrivals() override;
  void close() override;

 private:
  const std::unique_ptr<queue::EventQueue> queue_;
};

}  // namespace twinshift::backlog
