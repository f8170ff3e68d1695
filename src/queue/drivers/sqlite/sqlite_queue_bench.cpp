// Group commit: waiting producers that each send again as soon as they are answered, beside a bare writer.
//   arguments: producers, page bytes, checkpoint bytes
#include <algorithm>
#include <cstdlib>
#include <latch>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>

#include "queue/drivers/sqlite/queue_file.hpp"
#include "queue/drivers/sqlite/sqlite_queue.hpp"
#include "tests/support/temporary_folder.hpp"

namespace twinshift::queue {
namespace {

using Time = std::chrono::steady_clock::time_point;
using namespace std::chrono_literals;

constexpr std::size_t kBodyBytes = 2500;
constexpr int kMessagesEachRun = 60'000;

class Folder {
 public:
  std::string file() const { return (root_ / "queue.db").string(); }

 private:
  tests::TemporaryFolder root_;
};

double cpu_us() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 +
         static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

// Producers without threads: each answer sends the next message.
class Producers {
 public:
  Producers(EventQueue& queue, int producers) : queue_(queue), left_(kMessagesEachRun), done_(producers) {
    latencies_.reserve(kMessagesEachRun);
    for (int i = 0; i < producers; ++i) send();
  }
  void wait() { done_.wait(); }
  double quantile_ms(double q) {
    const auto at = latencies_.begin() + static_cast<std::ptrdiff_t>(q * static_cast<double>(latencies_.size() - 1));
    std::nth_element(latencies_.begin(), at, latencies_.end());
    return *at;
  }

 private:
  void send() {
    if (left_.fetch_sub(1) <= 0) return done_.count_down();
    const Time began = std::chrono::steady_clock::now();
    queue_.enqueue({std::string(kBodyBytes, 'x'), "0190c0de-0000-7000-8000-000000000000", {}},
                   [this, began](const base::Status& status) {
                     if (!status) std::abort();
                     const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
                     latencies_.push_back(took.count());  // on the writer's thread alone
                     send();
                   });
  }

  EventQueue& queue_;
  std::atomic<int> left_;
  std::latch done_;
  std::vector<double> latencies_;
};

std::unique_ptr<EventQueue> open(const Folder& folder, const benchmark::State& state) {
  SqliteQueueOptions options;
  options.path = folder.file();
  options.page_bytes = static_cast<std::uint32_t>(state.range(1));
  options.checkpoint_bytes = static_cast<std::uint64_t>(state.range(2));
  auto opened = open_sqlite_queue(options);
  if (!opened) std::abort();
  return std::move(*opened);
}

void report(benchmark::State& state, Producers& producers, double cpu) {
  state.SetItemsProcessed(kMessagesEachRun);
  state.counters["p50_ms"] = producers.quantile_ms(0.5);
  state.counters["p99_ms"] = producers.quantile_ms(0.99);
  state.counters["cpu_us_per_message"] = cpu / kMessagesEachRun;
}

void enqueue_alone(benchmark::State& state) {
  for (auto round : state) {
    const Folder folder;
    const auto queue = open(folder, state);
    const double cpu = cpu_us();
    Producers producers(*queue, static_cast<int>(state.range(0)));
    producers.wait();
    report(state, producers, cpu_us() - cpu);
    state.PauseTiming();
    queue->close();
    state.ResumeTiming();
  }
}

void enqueue_receive_acknowledge(benchmark::State& state) {
  for (auto round : state) {
    const Folder folder;
    const auto queue = open(folder, state);
    const double cpu = cpu_us();
    std::jthread consumer([&] {
      for (int taken = 0; taken < kMessagesEachRun;) {
        auto leases = queue->receive(1000, 100ms, {});
        if (!leases) std::abort();
        std::vector<Receipt> receipts;
        for (const Lease& lease : *leases) receipts.push_back(lease.receipt);
        taken += static_cast<int>(receipts.size());
        queue->acknowledge(std::move(receipts), [](const base::Status&) {});
      }
    });
    Producers producers(*queue, static_cast<int>(state.range(0)));
    producers.wait();
    consumer.join();
    report(state, producers, cpu_us() - cpu);
    state.PauseTiming();
    queue->close();
    state.ResumeTiming();
  }
}

// The ceiling: the same rows into the same file, `producers` a commit, nobody waiting.
void bare_writer(benchmark::State& state) {
  for (auto round : state) {
    const Folder folder;
    auto file = QueueFile::open({.path = folder.file(),
                                 .page_bytes = static_cast<std::uint32_t>(state.range(1)),
                                 .checkpoint_bytes = static_cast<std::uint64_t>(state.range(2))});
    if (!file) std::abort();
    std::vector<Incoming> rows(static_cast<std::size_t>(state.range(0)));
    for (Incoming& row : rows) row.message = {std::string(kBodyBytes, 'x'), std::string(36, 'i'), {}};
    const double cpu = cpu_us();
    for (int written = 0; written < kMessagesEachRun; written += static_cast<int>(rows.size())) {
      if (!file->write(rows, {}) || !file->checkpoint(false)) std::abort();
    }
    state.SetItemsProcessed(kMessagesEachRun);
    state.counters["cpu_us_per_message"] = (cpu_us() - cpu) / kMessagesEachRun;
  }
}

#define TWINSHIFT_SHAPES                                          \
  ArgNames({"producers", "page", "checkpoint"})                   \
      ->ArgsProduct({{64, 512}, {8192}, {8'000'000, 32'000'000}}) \
      ->Iterations(1)                                             \
      ->UseRealTime()                                             \
      ->Unit(benchmark::kMillisecond)

BENCHMARK(bare_writer)->TWINSHIFT_SHAPES;
BENCHMARK(enqueue_alone)->TWINSHIFT_SHAPES;
BENCHMARK(enqueue_receive_acknowledge)->TWINSHIFT_SHAPES;

}  // namespace
}  // namespace twinshift::queue
