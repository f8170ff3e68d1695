#include "backlog/drivers/segments/segment_backlog.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "backlog/drivers/segments/inbox.hpp"
#include "backlog/drivers/segments/ledger.hpp"
#include "backlog/drivers/segments/lender.hpp"
#include "backlog/drivers/segments/opening.hpp"
#include "backlog/drivers/segments/refiller.hpp"
#include "backlog/drivers/segments/segment_counts.hpp"
#include "backlog/drivers/segments/visitor.hpp"
#include "backlog/drivers/segments/writer.hpp"
#include "base/ids.hpp"

namespace twinshift::backlog {
namespace segments {
namespace {

class SegmentBacklog final : public Backlog {
 public:
  SegmentBacklog(const SegmentBacklogOptions& options, std::shared_ptr<Ledger> ledger, Opened opened)
      : Backlog(options.target),
        options_(options),
        ledger_(std::move(ledger)),
        inbox_(
            {.events_max = options.inbox_events_max, .bytes_max = options.inbox_bytes_max, .gather = options.gather}),
        refiller_(make_refiller()),
        lender_({.target = options.target,
                 .lease_timeout = options.lease_timeout,
                 .ledger = ledger_.get(),
                 .inbox = &inbox_,
                 .refiller = refiller_,
                 .clock = options.clock}),
        writer_(options_, opened.position, std::move(opened.journal), inbox_, *ledger_) {}
  ~SegmentBacklog() override { close(); }

  void park(std::vector<event::EventPtr> events, queue::Done done) override {
    if (events.empty()) return done({});
    ParkGroup group{.events = std::move(events), .done = std::move(done)};
    const auto put = inbox_.put(group);
    if (put == Inbox::Put::closed) return group.done(closing());
    if (put == Inbox::Put::full) {
      group.done(base::fail(base::ErrorKind::full, "too many events wait to be written to the backlog", options_.folder,
                            "It is tried again; a disk that cannot keep up is the usual cause"));
    }
  }

  base::Result<std::vector<queue::Lease>> receive(std::size_t events_max, std::chrono::milliseconds wait,
                                                  std::stop_token stop) override {
    return lender_.receive(events_max, wait, stop);
  }

  void acknowledge(std::vector<queue::Receipt> receipts, queue::Done done) override {
    Settled settled{.events = ledger_->take_settled(receipts), .done = std::move(done)};
    if (settled.events.empty()) return settled.done({});
    if (inbox_.put(settled) == Inbox::Put::closed) settled.done(closing());
  }

  void release(const std::vector<queue::Receipt>& receipts, std::chrono::milliseconds delay) override {
    ledger_->release(receipts, delay);
  }

  void extend(const std::vector<queue::Receipt>& receipts, std::chrono::milliseconds duration) override {
    ledger_->extend(receipts, duration);
  }

  BacklogStatus status() override {
    const Ledger::Snapshot now = ledger_->snapshot();
    const Growth growth = writer_.growth();
    BacklogStatus status = status_of(now, options_.clock->now());
    status.trouble = writer_.trouble();
    StorageStatus& storage = *status.storage;
    storage.bytes_max = options_.bytes_max;
    storage.events_per_second = growth.events_per_second;
    storage.bytes_per_second = growth.bytes_per_second;
    // What nobody can read is not paid by draining the rest.
    if (now.unreadable_events == 0) storage.parity_in = growth.parity_in;
    storage.budget_used_in = growth.budget_used_in;
    if (refiller_) storage.refill_trouble = refiller_->trouble();
    return status;
  }

  base::Result<queue::Arrivals> count_arrivals() override { return arrivals_of(ledger_->snapshot()); }

  base::Result<bool> visit(const ShowOwed& show) override { return visit_owed(*ledger_, show); }

  void close() override {
    const std::lock_guard lock(close_mutex_);
    writer_.close();
    ledger_->close();
    if (refiller_) refiller_->close();
  }

  [[nodiscard]] bool left_thread_behind() const override { return refiller_ && refiller_->left_thread_behind(); }

 private:
  base::Status closing() const {
    return base::fail(base::ErrorKind::cancelled, "the backlog is closing", options_.folder, "Send again later");
  }

  // Its thread may outlive us, so it holds the ledger by itself.
  std::shared_ptr<Refiller> make_refiller() {
    if (!options_.refill) return nullptr;
    return std::make_shared<Refiller>(options_.refill, options_.target, "refill-" + options_.target,
                                      Refiller::Listener{.changed = [ledger = ledger_] { ledger->wake(); },
                                                         .recovered = [ledger = ledger_] { ledger->renew_passes(); }});
  }

  const SegmentBacklogOptions options_;
  const std::shared_ptr<Ledger> ledger_;
  Inbox inbox_;
  const std::shared_ptr<Refiller> refiller_;
  Lender lender_;
  std::mutex close_mutex_;
  Writer writer_;  // last: its thread uses the others
};

}  // namespace
}  // namespace segments

base::Result<std::unique_ptr<Backlog>> open_segment_backlog(const SegmentBacklogOptions& options) {
  auto ledger = std::make_shared<segments::Ledger>(*options.clock, static_cast<std::uint32_t>(base::random_seed()),
                                                   options.lent_max);
  auto opened = segments::open_folder(options.folder, options.target, *ledger);
  if (!opened) return base::fail(std::move(opened.error()));
  return std::make_unique<segments::SegmentBacklog>(options, std::move(ledger), std::move(*opened));
}

}  // namespace twinshift::backlog
