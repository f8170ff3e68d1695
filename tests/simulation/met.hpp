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
  row_taken,
  row_doubled,
  row_changed,
  table_emptied,
  verified,
  verify_failed,
  named_missing,
  named_doubled,
  named_changed,
  named_quarantined,
  could_not_tell,
  owed_at_second_look,
  settled_at_second_look,
  repaired,
  repair_cut_short,
  mended_by_copy,
  mended_by_replacement,
  surplus_removed,
  left_unmended,
  lane_job,
  lane_job_refused,
  rebuilt,
  rebuild_cut_short,
  erased,
  erase_cut_short,
  erased_came_again,
  quarantine_dropped,
};
inline constexpr std::array<std::string_view, 53> kMetNames{"killed",
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
                                                            "duplicate",
                                                            "row taken",
                                                            "row doubled",
                                                            "row changed",
                                                            "table emptied",
                                                            "verified",
                                                            "verify failed",
                                                            "named missing",
                                                            "named doubled",
                                                            "named changed",
                                                            "named quarantined",
                                                            "could not tell",
                                                            "owed at second look",
                                                            "settled at second look",
                                                            "repaired",
                                                            "repair cut short",
                                                            "mended by copy",
                                                            "mended by replacement",
                                                            "surplus removed",
                                                            "left unmended",
                                                            "lane job",
                                                            "lane job refused",
                                                            "rebuilt",
                                                            "rebuild cut short",
                                                            "erased",
                                                            "erase cut short",
                                                            "erased came again",
                                                            "quarantine dropped"};

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
