// What it costs to be watched: one scrape, and the text that all viewers of the page get each second.
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "app/metrics.hpp"
#include "app/status_json.hpp"
#include "aws/throttles.hpp"

namespace twinshift::app {
namespace {

MetricsInput two_targets() {
  MetricsInput input;
  for (const char* name : {"primary", "secondary"}) {
    delivery::TargetStatus& target = input.targets.emplace_back();
    target.name = name;
    target.is_primary = input.targets.size() == 1;
    target.state = delivery::TargetState::ok;
    books::TargetBooks& books = input.books.emplace_back();
    books.name = name;
    books.counted_at = input.now;
  }
  input.parity.emplace();
  input.aws_throttles = aws::throttles();
  return input;
}

void make_a_scrape(benchmark::State& state) {
  MetricsInput input = two_targets();
  for (auto _ : state) {
    input.process = process_usage();
    benchmark::DoNotOptimize(metrics_text(input));
  }
}
BENCHMARK(make_a_scrape);

void make_the_pages_text(benchmark::State& state) {
  MetricsInput input = two_targets();
  StatusHistory history;
  base::SteadyTime now{};
  for (int second = 0; second < 1'000; ++second) history.take(input, now += std::chrono::seconds(1));
  for (auto _ : state) {
    input.process = process_usage();
    history.take(input, now += std::chrono::seconds(1));
    benchmark::DoNotOptimize(status_json({.figures = &input,
                                          .history = &history,
                                          .errors = {},
                                          .refused = {},
                                          .queue_driver = "sqlite",
                                          .started_at = input.now}));
  }
}
BENCHMARK(make_the_pages_text);

}  // namespace
}  // namespace twinshift::app
