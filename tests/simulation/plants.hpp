// Deliberately broken variants. Each one must be caught, or the simulator proves nothing: that is the test of the test.
// They live in the surroundings (disk, warehouse, queue, intake) or in what carries the machine's actions out.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace twinshift::simulation {

enum class Planted : std::uint8_t {
  nothing,
  acknowledge_before_commit,
  acknowledge_before_parking,
  park_after_acknowledge,
  acknowledge_before_quarantine,
  acknowledge_released,
  backlog_acknowledged_early,
  stale_lease_acknowledged,
  lease_by_wall_clock,
  believe_unknown,
  marker_not_asked,
  invent_marker,
  marker_without_lock,
  no_marker,
  write_twice,
  look_up_before_lock,
  drop_event_in_lane,
  park_forgets_one,
  backlog_cuts_body,
  quarantine_without_proof,
  breaker_never_probes,
  receiver_waits_for_secondary,
  answer_before_sync,
  torn_transaction_stands,
  reserve_ignored,
  intake_without_bound,
  parking_budget_ignored,
  counters_outside_transaction,
  waived_not_counted,
  duplicates_per_redelivery,
  verify_ignores_debts,
  verify_single_look,
  repair_copies_owed,
  repair_deletes_one_sided,
  repair_without_lock,
  rebuild_skips_copy_back,
  erase_forgets_ids,
  erase_before_noting,
  mend_counted_in_books,
  lane_job_beside_batch,
};

// Which checks look. A plant that is to be seen by its consequences is not caught at the act.
enum class Eyes : std::uint8_t {
  all,
  outcome,  // what stands where: after a crash, now and then, and at the end; not who did what when
  books,    // the books alone
};

struct Plant {
  Planted planted = Planted::nothing;
  std::string_view name{};
  std::string_view breaks{};  // the rule of design.md, or what else
  Eyes eyes = Eyes::all;
  std::uint64_t seeds_max = 200;  // it must be caught within so many
};

std::span<const Plant> plants();

}  // namespace twinshift::simulation
