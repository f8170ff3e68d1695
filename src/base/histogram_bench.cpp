// What counting a latency costs a request that was accepted: the clock is read for it, too.
#include <chrono>

#include <benchmark/benchmark.h>

#include "base/histogram.hpp"

namespace twinshift::base {
namespace {

void count_a_request(benchmark::State& state) {
  LatencyHistogram histogram;
  const auto begin = std::chrono::steady_clock::now();
  for (auto _ : state) histogram.add(std::chrono::steady_clock::now() - begin);
  benchmark::DoNotOptimize(histogram.read().sum);
}
BENCHMARK(count_a_request);

}  // namespace
}  // namespace twinshift::base
