// How fast the backlog file of an earlier version is moved into segments. The service takes events only afterwards, so
// this is for how long its first start is not to be reached.
#include <array>
#include <chrono>
#include <cstdlib>
#include <future>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "app/backlog_store.hpp"
#include "app/drivers_sqlite.hpp"
#include "base/log.hpp"
#include "config/settings.hpp"
#include "event/sample.hpp"
#include "tests/support/temporary_folder.hpp"

namespace twinshift::app {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kGroup = 1'000;
const base::WallTime kArrival(480'000h);

// A data folder with such a file, and nothing else.
class OldFolder {
 public:
  explicit OldFolder(std::size_t events) {
    auto loaded =
        config::load({"TWINSHIFT_DATA_DIR=" + folder_.string(), "SECONDARY_REDSHIFT_ENABLED=true"}, std::nullopt);
    if (!loaded) std::abort();
    settings_ = loaded->settings;
    auto old = open_old_backlog_file(settings_, secondary());
    if (!old) std::abort();
    for (std::size_t at = 0; at < events; at += kGroup) enqueue_group(**old, at);
    (*old)->close();
  }
  [[nodiscard]] const config::Settings& settings() const { return settings_; }
  [[nodiscard]] const config::TargetSettings& secondary() const { return *settings_.secondary; }

 private:
  static void enqueue_group(queue::EventQueue& old, std::size_t first) {
    std::array<std::promise<base::Status>, kGroup> answers;
    for (std::size_t i = 0; i < kGroup; ++i) {
      old.enqueue({event::sample_event(7, first + i, kArrival), "m" + std::to_string(first + i), kArrival},
                  [&answers, i](base::Status status) { answers[i].set_value(std::move(status)); });
    }
    for (auto& answer : answers) {
      if (!answer.get_future().get()) std::abort();
    }
  }

  tests::TemporaryFolder folder_;
  config::Settings settings_;
};

void take_over(benchmark::State& state) {
  const auto events = static_cast<std::size_t>(state.range(0));
  base::log::set_level(base::log::Level::error);
  for (auto _ : state) {
    const OldFolder folder(events);
    const auto began = std::chrono::steady_clock::now();
    auto backlog = open_backlog(folder.settings(), folder.secondary());
    state.SetIterationTime(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
    if (!backlog || (*backlog)->status().owed != events) std::abort();
  }
  state.counters["events_per_second"] =
      benchmark::Counter(static_cast<double>(events), benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(take_over)->ArgName("events")->Arg(20'000)->Unit(benchmark::kMillisecond)->UseManualTime();

}  // namespace
}  // namespace twinshift::app
