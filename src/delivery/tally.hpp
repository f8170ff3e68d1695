// What one lane has tried since the start, for metrics and the page: every try counts, whatever the machine makes of
// it. So does one that found the target out of reach before it could send: else a target that is away would have a
// success rate of nothing instead of 0. One thread, the conductor's; copies go to whoever asks.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/error.hpp"
#include "base/histogram.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::delivery {

struct TallyCounts {
  static constexpr std::size_t kKinds = static_cast<std::size_t>(base::ErrorKind::internal) + 1;

  std::uint64_t attempts = 0;                    // tries to write a batch
  std::uint64_t commits = 0;                     // of these: committed, or found committed afterwards
  std::uint64_t retries = 0;                     // of these: of a batch, or a part of one, that was tried before
  std::array<std::uint64_t, kKinds> failures{};  // the others, by base::ErrorKind
  std::uint64_t breaker_openings = 0;
  std::uint64_t bytes = 0;  // of the events' text in what was committed
  base::LatencyCounts commit_latency{};

  [[nodiscard]] std::uint64_t failed(base::ErrorKind kind) const { return failures[static_cast<std::size_t>(kind)]; }
  [[nodiscard]] std::uint64_t failed() const {
    std::uint64_t all = 0;
    for (const std::uint64_t each : failures) all += each;
    return all;
  }
};

class Tally {
 public:
  // `again`: the batch, or a larger one that it is a part of, was tried before.
  void committed(const warehouse::Batch& batch, bool again, std::chrono::nanoseconds took) {
    tried(again);
    ++counts_.commits;
    counts_.commit_latency.add(took);
    add_bytes(batch);
  }
  void failed(bool again, base::ErrorKind kind) {
    tried(again);
    ++counts_.failures[static_cast<std::size_t>(kind)];
  }
  // A try whose outcome was not known was a commit.
  void settled(const warehouse::Batch& batch) {
    ++counts_.commits;
    add_bytes(batch);
  }
  void breaker_opened() { ++counts_.breaker_openings; }

  [[nodiscard]] const TallyCounts& counts() const { return counts_; }

 private:
  void tried(bool again) {
    ++counts_.attempts;
    if (again) ++counts_.retries;
  }
  void add_bytes(const warehouse::Batch& batch) {
    for (const auto& event : batch.events) counts_.bytes += event->json.size();
  }

  TallyCounts counts_;
};

}  // namespace twinshift::delivery
