// What one parked event costs: room on the disk, and how many a second are made durable, in groups as delivery parks
// them; then how fast they are lent and settled.
#include <condition_variable>
#include <cstdlib>
#include <future>
#include <mutex>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "backlog/drivers/segments/segment_backlog.hpp"
#include "base/log.hpp"
#include "event/sample.hpp"
#include "tests/support/temporary_folder.hpp"

namespace twinshift::backlog {
namespace {

constexpr std::size_t kEvents = 20'000;

class Folder {
 public:
  [[nodiscard]] std::string backlog() const { return (root_ / "secondary-backlog").string(); }

 private:
  tests::TemporaryFolder root_;
};

const std::vector<event::EventPtr>& corpus() {
  static const std::vector<event::EventPtr> events = [] {
    std::vector<event::EventPtr> made;
    const base::WallTime now(std::chrono::hours(480'000));
    for (std::size_t i = 0; i < kEvents; ++i) {
      char id[37];
      std::snprintf(id, sizeof id, "0190c0de-0000-7000-8000-%012zx", i);
      auto event = event::decode_event(event::sample_event(7, i, now), id, now);
      if (!event) std::abort();
      made.push_back(std::move(*event));
    }
    return made;
  }();
  return events;
}

// Parks all of the corpus, a bounded number under way.
void park_all(Backlog& backlog, std::size_t group_size, std::size_t under_way_max) {
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t under_way = 0;
  const auto& events = corpus();
  for (std::size_t at = 0; at < events.size(); at += group_size) {
    const std::size_t size = std::min(group_size, events.size() - at);
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return under_way + size <= under_way_max; });
    under_way += size;
    lock.unlock();
    const auto begin = events.begin() + static_cast<std::ptrdiff_t>(at);
    backlog.park({begin, begin + static_cast<std::ptrdiff_t>(size)}, [&, size](const base::Status& status) {
      if (!status) std::abort();
      const std::lock_guard done(mutex);
      under_way -= size;
      changed.notify_all();
    });
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return under_way == 0; });
}

std::size_t drain(Backlog& backlog) {
  std::size_t drained = 0;
  for (;;) {
    auto leases = backlog.receive(1'000, std::chrono::milliseconds(0), {});
    if (!leases || leases->empty()) return drained;
    std::vector<queue::Receipt> receipts;
    for (const queue::Lease& lease : *leases) receipts.push_back(lease.receipt);
    drained += receipts.size();
    std::promise<void> settled;
    backlog.acknowledge(std::move(receipts), [&](const base::Status&) { settled.set_value(); });
    settled.get_future().wait();
  }
}

// Arguments: events in a group; under way at most (3,000: delivery's parking_rows_max; 100: the blocks of a quiet
// 1,000 events a second); 1 for a backlog over its budget.
void park_and_drain(benchmark::State& state) {
  double parked_seconds = 0;
  double drained_seconds = 0;
  double bytes = 0;
  double events = 0;
  (void)corpus();
  base::log::set_level(base::log::Level::error);
  for (auto _ : state) {
    const Folder folder;
    SegmentBacklogOptions options;
    options.gather = std::chrono::milliseconds(state.range(1) == 100 ? 0 : 100);
    options.target = "secondary";
    options.folder = folder.backlog();
    if (state.range(2) != 0) {
      options.bytes_max = 0;
      options.refill = [](std::span<const Wanted> wanted) {
        return base::Result<std::vector<Told>>(std::vector<Told>(wanted.size()));
      };
    }
    auto backlog = open_segment_backlog(options);
    if (!backlog) std::abort();
    const auto began = std::chrono::steady_clock::now();
    park_all(**backlog, static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1)));
    const auto parked = std::chrono::steady_clock::now();
    bytes += static_cast<double>((*backlog)->status().storage->bytes);
    if (state.range(2) == 0 && drain(**backlog) != kEvents) std::abort();
    parked_seconds += std::chrono::duration<double>(parked - began).count();
    drained_seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - parked).count();
    events += kEvents;
  }
  state.counters["bytes_per_event"] = bytes / events;
  state.counters["parked_per_second"] = events / parked_seconds;
  if (state.range(2) == 0) state.counters["drained_per_second"] = events / drained_seconds;
}
BENCHMARK(park_and_drain)
    ->ArgNames({"group", "under_way", "ids_only"})
    ->Args({10, 3'000, 0})
    ->Args({500, 3'000, 0})
    ->Args({100, 100, 0})
    ->Args({500, 3'000, 1})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace twinshift::backlog
