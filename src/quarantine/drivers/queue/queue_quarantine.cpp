#include "quarantine/drivers/queue/queue_quarantine.hpp"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "base/backoff.hpp"
#include "base/failpoint.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "base/mailbox.hpp"
#include "base/thread.hpp"
#include "quarantine/drivers/queue/put_group.hpp"
#include "quarantine/drivers/queue/record_book.hpp"
#include "quarantine/drivers/queue/refusal_message.hpp"
#include "quarantine/drivers/queue/refusal_numbers.hpp"
#include "quarantine/drivers/queue/removal.hpp"

namespace twinshift::quarantine {
namespace {

namespace log = base::log;
using base::ErrorKind;

struct Job {
  std::vector<Ticket> tickets;
  Removed done;
};

base::Error closing() {
  return {ErrorKind::cancelled, "the quarantine is closing", "the quarantine's queue", {}};
}

base::Error too_many() {
  return {ErrorKind::full, "too many removals wait for the quarantine's queue to be read", "the quarantine's queue",
          "Try again when those are done"};
}

class QueueQuarantine final : public Quarantine {
 public:
  QueueQuarantine(std::unique_ptr<queue::EventQueue> queue, QueueOpener open, QueueQuarantineOptions options)
      : options_(options),
        open_(std::move(open)),
        queue_(std::move(queue)),
        numbers_(base::random_seed()),
        jobs_(options.removals_max) {
    thread_ = base::start_thread("quarantine", [this](const std::stop_token& stop) { run(stop); });
  }
  ~QueueQuarantine() override { QueueQuarantine::close(); }

  void put(std::vector<Refused> events, Done done) override {
    if (events.empty()) return done({});
    base::failpoint(base::Failpoint::quarantine_queue_put_before);
    done = [done = std::move(done)](base::Status status) mutable {
      base::failpoint(base::Failpoint::quarantine_queue_put_after);
      done(std::move(status));
    };
    const auto group = std::make_shared<PutGroup>(board_, *options_.clock, events, std::move(done));
    const std::vector<bool> missing = group->missing();
    const base::WallTime now = options_.clock->now();
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (!missing[i]) {
        group->part(i, {});
        continue;
      }
      const Refused& each = events[i];
      queue_->enqueue({.body = write_refusal(each, numbers_.next(now), now),
                       .message_id = each.event->message_id,
                       .received_at = each.event->received_at},
                      [group, i](base::Status status) { group->part(i, std::move(status)); });
    }
  }

  void remove(std::vector<Ticket> tickets, Removed done) override {
    Job job{std::move(tickets), std::move(done)};
    if (jobs_.try_put(job)) return;
    job.done(base::fail(jobs_.closed() ? closing() : too_many()));
  }

  QuarantineStatus status() override {
    const std::lock_guard lock(board_->mutex);
    return {board_->records.counts(), board_->trouble, board_->messages.counts()};
  }

  // A sweep under way ends early, and removals that wait are answered `cancelled`; what was put is finished.
  void close() override {
    const std::lock_guard lock(close_mutex_);
    thread_.request_stop();
    jobs_.close();
    if (thread_.joinable()) thread_.join();
    queue_->close();
  }

 private:
  void run(const std::stop_token& stop) {
    std::chrono::milliseconds pause{0};  // to the next sweep that nobody asks for
    base::Backoff backoff({options_.sweep_again, options_.sweep_every});
    base::Random random(base::random_seed());
    while (!stop.stop_requested()) {
      std::vector<Job> jobs = jobs_.take_all(pause);
      if (stop.stop_requested() || !sweep(jobs, stop)) {
        pause = backoff.next(random);
      } else {
        pause = options_.sweep_every;
        backoff.reset();
      }
      for (Job& job : jobs) {
        if (job.done) job.done(base::fail(closing()));
      }
    }
    for (Job& job : jobs_.take_all({})) job.done(base::fail(closing()));
  }

  // For all jobs at once. False where it is to be done again soon.
  bool sweep(std::vector<Job>& jobs, const std::stop_token& stop) {
    tell_board([](Board& board) {
      board.records.sweep_begins();
      board.messages.sweep_begins();
    });
    auto swept = sweep_now(jobs, stop);
    if (swept) {
      warn_of_foreign(*swept);
      return swept->is_all;
    }
    tell_board([](Board& board) {
      board.records.sweep_failed();
      board.messages.sweep_failed();
    });
    if (swept.error().kind != ErrorKind::cancelled) {
      log::warn("The quarantine's queue could not be read: its counts are old").add(swept.error());
    }
    for (Job& job : jobs) {
      if (job.done) std::exchange(job.done, nullptr)(base::fail(swept.error()));
    }
    return false;
  }

  base::Result<Swept> sweep_now(std::vector<Job>& jobs, const std::stop_token& stop) {
    auto sweep = Sweep::open(open_, options_.sweep, *options_.clock);
    if (!sweep) return base::fail(std::move(sweep.error()));
    RecordBook book(0);
    auto swept = sweep->run(stop, [&](Refusal refusal) { book.add(std::move(refusal.record), {}); });
    if (!swept) return swept;
    const std::vector<Entry> entries = book.take();
    std::vector<bool> taken(entries.size());
    std::vector<std::uint64_t> counts;
    for (const Job& job : jobs) counts.push_back(take_records(entries, job.tickets, taken));
    if (auto deleted = erase(*sweep, entries, taken); !deleted) return base::fail(std::move(deleted.error()));
    count(entries, taken);
    sweep->close();  // before the answers: who waits for one may read next
    for (std::size_t i = 0; i < jobs.size(); ++i) std::exchange(jobs[i].done, nullptr)(counts[i]);
    return swept;
  }

  static base::Status erase(Sweep& sweep, const std::vector<Entry>& entries, const std::vector<bool>& taken) {
    std::set<std::int64_t> numbers;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (taken[i]) numbers.insert(entries[i].numbers.begin(), entries[i].numbers.end());
    }
    if (numbers.empty()) return {};
    return sweep.acknowledge(numbers);
  }

  void count(const std::vector<Entry>& entries, const std::vector<bool>& taken) {
    std::vector<std::pair<std::string, std::string>> left;
    std::vector<std::pair<std::string, std::string>> messages;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (taken[i]) continue;
      const Record& record = entries[i].record;
      left.emplace_back(record.target, record.event_id);
      for (const Arrival& arrival : arrivals_of(record))
        messages.emplace_back(record.target, message_name(record.event_id, arrival.received_at));
    }
    tell_board([&](Board& board) {
      board.records.sweep_ends(left);
      board.messages.sweep_ends(messages);
      if (left.size() < entries.size()) board.half_kept.forget_all();
    });
  }

  template <class Tell>
  void tell_board(Tell tell) {
    const std::lock_guard lock(board_->mutex);
    tell(*board_);
  }

  const QueueQuarantineOptions options_;
  const QueueOpener open_;
  const std::unique_ptr<queue::EventQueue> queue_;  // for put() alone
  const std::shared_ptr<Board> board_ = std::make_shared<Board>();
  RefusalNumbers numbers_;
  base::Mailbox<Job> jobs_;

  std::mutex close_mutex_;
  std::jthread thread_;
};

}  // namespace

std::unique_ptr<Quarantine> open_queue_quarantine(std::unique_ptr<queue::EventQueue> queue, QueueOpener open,
                                                  QueueQuarantineOptions options) {
  return std::make_unique<QueueQuarantine>(std::move(queue), std::move(open), options);
}

}  // namespace twinshift::quarantine
