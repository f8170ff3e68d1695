#include "backlog/drivers/segments/segment_counts.hpp"

#include <algorithm>
#include <utility>

#include "backlog/drivers/segments/opening.hpp"
#include "backlog/drivers/segments/segment_backlog.hpp"
#include "backlog/drivers/segments/visitor.hpp"

namespace twinshift::backlog {
namespace segments {

BacklogStatus status_of(const Ledger::Snapshot& ledger, base::WallTime now) {
  BacklogStatus status{.owed = ledger.tally.owed + ledger.unreadable_events,
                       .oldest_age = {},
                       .trouble = {},
                       .storage = StorageStatus{.bytes = ledger.bytes,
                                                .ids_only = ledger.tally.ids_only,
                                                .lost = ledger.lost,
                                                .damaged_files = ledger.damaged,
                                                .unreadable_files = ledger.unreadable_files,
                                                .unreadable_events = ledger.unreadable_events,
                                                .parity_in = {},
                                                .budget_used_in = {},
                                                .refill_trouble = {}}};
  if (ledger.tally.owed > 0) {
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(now - ledger.oldest);
    status.oldest_age = std::max(age, age.zero());
  }
  return status;
}

queue::Arrivals arrivals_of(const Ledger::Snapshot& ledger) {
  queue::Arrivals arrivals;
  for (const auto& [hour, events] : ledger.tally.by_hour) {
    arrivals.hours.push_back({.hour = hour, .received = events, .waiting = events});
  }
  return arrivals;
}

namespace {

class SegmentCounts final : public Backlog {
 public:
  SegmentCounts(const SegmentBacklogOptions& options, std::unique_ptr<Ledger> ledger)
      : Backlog(options.target), folder_(options.folder), clock_(*options.clock), ledger_(std::move(ledger)) {}

  void park(std::vector<event::EventPtr> /*events*/, queue::Done done) override { done(base::fail(only_counts())); }
  base::Result<std::vector<queue::Lease>> receive(std::size_t /*events_max*/, std::chrono::milliseconds /*wait*/,
                                                  std::stop_token /*stop*/) override {
    return base::fail(only_counts());
  }
  void acknowledge(std::vector<queue::Receipt> /*receipts*/, queue::Done done) override {
    done(base::fail(only_counts()));
  }
  void release(const std::vector<queue::Receipt>& /*receipts*/, std::chrono::milliseconds /*delay*/) override {}
  void extend(const std::vector<queue::Receipt>& /*receipts*/, std::chrono::milliseconds /*duration*/) override {}

  BacklogStatus status() override { return status_of(ledger_->snapshot(), clock_.now()); }
  base::Result<queue::Arrivals> count_arrivals() override { return arrivals_of(ledger_->snapshot()); }
  base::Result<bool> visit(const ShowOwed& show) override { return visit_owed(*ledger_, show); }
  void close() override {}

 private:
  [[nodiscard]] base::Error only_counts() const {
    return {base::ErrorKind::conflict, "the backlog was opened to be counted alone", folder_,
            "Start the service: it parks and delivers"};
  }
  const std::string folder_;
  const base::Clock& clock_;
  const std::unique_ptr<Ledger> ledger_;
};

}  // namespace
}  // namespace segments

base::Result<std::unique_ptr<Backlog>> read_segment_backlog(const SegmentBacklogOptions& options) {
  auto ledger = std::make_unique<segments::Ledger>(*options.clock, 0, 0);
  if (auto read = segments::read_folder(options.folder, options.target, *ledger); !read)
    return base::fail(std::move(read.error()));
  return std::make_unique<segments::SegmentCounts>(options, std::move(ledger));
}

}  // namespace twinshift::backlog
