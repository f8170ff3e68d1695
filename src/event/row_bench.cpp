// What a lane pays for each event before it reaches the database, and what reading one back costs.
#include <chrono>
#include <vector>

#include <benchmark/benchmark.h>

#include "event/row.hpp"
#include "event/sample.hpp"

namespace twinshift::event {
namespace {

constexpr std::uint64_t kEvents = 256;  // more than fits in the first cache, as in a batch

const std::vector<EventPtr>& samples() {
  static const std::vector<EventPtr> events = [] {
    std::vector<EventPtr> made;
    for (std::uint64_t i = 0; i < kEvents; ++i) {
      made.push_back(
          decode_event(sample_event(1, i, base::WallTime(std::chrono::seconds(1'704'110'400))), {}, {}).value());
    }
    return made;
  }();
  return events;
}

void row_encode(benchmark::State& state) {
  const TableShape shape = TableShape::whole();
  Row row;
  std::size_t at = 0;
  for ([[maybe_unused]] auto _ : state) {
    encode(samples()[at++ % kEvents], shape, row);
    benchmark::DoNotOptimize(row.extra.data());
  }
}
BENCHMARK(row_encode);

void row_decode(benchmark::State& state) {
  std::vector<Row> rows(kEvents);
  for (std::size_t i = 0; i < kEvents; ++i) encode(samples()[i], TableShape::whole(), rows[i]);
  std::size_t at = 0;
  for ([[maybe_unused]] auto _ : state) {
    const Row& row = rows[at++ % kEvents];
    benchmark::DoNotOptimize(decode(row.cells, row.extra));
  }
}
BENCHMARK(row_decode);

void column_lookup(benchmark::State& state) {
  const std::span<const Column> columns = catalogue();
  std::size_t at = 0;
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(find_column(columns[at++ % columns.size()].name));
}
BENCHMARK(column_lookup);

void sample(benchmark::State& state) {
  std::uint64_t at = 0;
  const base::WallTime around(std::chrono::seconds(1'704'110'400));
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(sample_event(1, at++, around));
}
BENCHMARK(sample);

}  // namespace
}  // namespace twinshift::event
