// What the runs have met, counted: a simulator whose troubles never happen would prove nothing. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace twinshift::simulation {

enum class Met : std::uint8_t {
  killed,
  power_lost,
  frozen,
  stopped,
  clock_jumped,
  refused_by_intake,
  answered_too_late,
  disk_full,
  synced_by_a_lie,
  lost_by_a_lie,
  lent_again,
  deleted_message_came_again,
  outcome_unknown,
  marker_found,
  marker_absent,
  writer_lock_busy,
  went_on_without_writer,
  table_refused,
  row_refused,
  breaker_open,
  parked,
  park_failed,
  quarantined,
  backlog_drained,
  waived,
  duplicate,
};
inline constexpr std::array<std::string_view, 26> kMetNames{"killed",
                                                            "power lost",
                                                            "frozen",
                                                            "stopped",
                                                            "clock jumped",
                                                            "refused by intake",
                                                            "answered too late",
                                                            "disk full",
                                                            "synced by a lie",
                                                            "lost by a lie",
                                                            "lent again",
                                                            "deleted message came again",
                                                            "outcome unknown",
                                                            "marker found",
                                                            "marker absent",
                                                            "writer lock busy",
                                                            "went on without its writer",
                                                            "table refused",
                                                            "row refused",
                                                            "breaker open",
                                                            "parked",
                                                            "park failed",
                                                            "quarantined",
                                                            "backlog drained",
                                                            "waived",
                                                            "duplicate"};

class Tally {
 public:
  void met(Met what, std::uint64_t times = 1) { counts_[static_cast<std::size_t>(what)] += times; }
  void add(const Tally& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  }
  [[nodiscard]] const auto& counts() const { return counts_; }

 private:
  std::array<std::uint64_t, kMetNames.size()> counts_{};
};

}  // namespace twinshift::simulation
