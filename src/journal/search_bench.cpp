// Looking for one event behind a million: the whole journal is gone through.
#include <filesystem>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "event/identity.hpp"
#include "journal/format.hpp"
#include "journal/search.hpp"
#include "journal/writer.hpp"
#include "tests/support/temporary_folder.hpp"

namespace twinshift::journal {
namespace {

constexpr std::uint64_t kEvents = 1'000'000;
constexpr std::uint64_t kRows = 500;

event::EventId id_of(std::uint64_t number) {
  return event::hash_id("event", std::to_string(number));
}

void write_batch(Writer& writer, std::uint64_t first) {
  std::vector<Received> received;
  std::vector<LandedEvent> landed;
  for (std::uint64_t number = first; number < first + kRows; ++number) {
    const event::EventId id = id_of(number);
    received.push_back({.event = id, .message_id = "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", .install_hash = number + 1});
    landed.push_back({id, true});
  }
  writer.write(encode_received({}, received));
  for (const char* const target : {"primary", "secondary"}) {
    writer.write(encode_landed({}, {.target = target, .batch_id = "batch", .statement_id = "statement"}, landed));
  }
  writer.flush();
}

// Of a million events that landed in two targets; gone with the program.
class Journal {
 public:
  Journal() {
    Writer writer({.folder = folder(), .bytes_max = 256'000'000, .disk_reserve = 0});
    for (std::uint64_t first = 0; first < kEvents; first += kRows) write_batch(writer, first);
  }
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  [[nodiscard]] std::filesystem::path folder() const { return root_ / "trace"; }

 private:
  tests::TemporaryFolder root_;
};

const Journal& journal() {
  static const Journal made;
  return made;
}

void BM_FindAnEvent(benchmark::State& state) {
  const auto folder = journal().folder();
  for (auto _ : state) benchmark::DoNotOptimize(find_histories(folder, {id_of(kEvents / 2)}));
}
BENCHMARK(BM_FindAnEvent)->Unit(benchmark::kMillisecond);

void BM_FindTheEventsOfAnInstall(benchmark::State& state) {
  const auto folder = journal().folder();
  for (auto _ : state) benchmark::DoNotOptimize(find_events(folder, "an appsflyer_id", kEntriesMax));
}
BENCHMARK(BM_FindTheEventsOfAnInstall)->Unit(benchmark::kMillisecond);

void BM_EncodeAReceivedBatch(benchmark::State& state) {
  std::vector<Received> received;
  for (std::uint64_t number = 0; number < kRows; ++number) {
    received.push_back({.event = id_of(number), .message_id = "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"});
  }
  for (auto _ : state) benchmark::DoNotOptimize(encode_received({}, received));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kRows));
}
BENCHMARK(BM_EncodeAReceivedBatch);

}  // namespace
}  // namespace twinshift::journal
