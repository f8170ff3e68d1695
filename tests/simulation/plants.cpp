#include "tests/simulation/plants.hpp"

namespace twinshift::simulation {
namespace {

constexpr Plant kPlants[] = {
    {Planted::acknowledge_before_commit, "acknowledge_before_commit", "2"},
    {Planted::acknowledge_before_parking, "acknowledge_before_parking", "3"},
    {Planted::park_after_acknowledge, "park_after_acknowledge", "3", Eyes::outcome},
    {Planted::acknowledge_before_quarantine, "acknowledge_before_quarantine", "2"},
    {Planted::acknowledge_released, "acknowledge_released", "2", Eyes::outcome},
    {Planted::backlog_acknowledged_early, "backlog_acknowledged_early", "3", Eyes::outcome},
    {Planted::stale_lease_acknowledged, "stale_lease_acknowledged", "lease"},
    {Planted::lease_by_wall_clock, "lease_by_wall_clock", "lease"},
    {Planted::believe_unknown, "believe_unknown", "marker", Eyes::outcome},
    {Planted::marker_not_asked, "marker_not_asked", "marker"},
    {Planted::invent_marker, "invent_marker", "marker", Eyes::outcome},
    {Planted::marker_without_lock, "marker_without_lock", "marker"},
    {Planted::no_marker, "no_marker", "9", Eyes::books},
    {Planted::write_twice, "write_twice", "4", Eyes::outcome},
    {Planted::look_up_before_lock, "look_up_before_lock", "4", Eyes::outcome},
    {Planted::drop_event_in_lane, "drop_event_in_lane", "9", Eyes::books},
    {Planted::park_forgets_one, "park_forgets_one", "3", Eyes::outcome},
    {Planted::backlog_cuts_body, "backlog_cuts_body", "7", Eyes::outcome},
    {Planted::quarantine_without_proof, "quarantine_without_proof", "6"},
    {Planted::breaker_never_probes, "breaker_never_probes", "liveness", Eyes::outcome},
    {Planted::receiver_waits_for_secondary, "receiver_waits_for_secondary", "5"},
    {Planted::answer_before_sync, "answer_before_sync", "1", Eyes::outcome},
    {Planted::torn_transaction_stands, "torn_transaction_stands", "9", Eyes::books},
    {Planted::reserve_ignored, "reserve_ignored", "8"},
    {Planted::intake_without_bound, "intake_without_bound", "8"},
    {Planted::parking_budget_ignored, "parking_budget_ignored", "8"},
    {Planted::counters_outside_transaction, "counters_outside_transaction", "9", Eyes::books},
    {Planted::waived_not_counted, "waived_not_counted", "9", Eyes::books},
    {Planted::duplicates_per_redelivery, "duplicates_per_redelivery", "9", Eyes::books},
    {Planted::verify_ignores_debts, "verify_ignores_debts", "verify"},
    {Planted::verify_single_look, "verify_single_look", "verify"},
    {Planted::repair_copies_owed, "repair_copies_owed", "repair"},
    {Planted::repair_deletes_one_sided, "repair_deletes_one_sided", "1", Eyes::outcome},
    {Planted::repair_without_lock, "repair_without_lock", "4", Eyes::outcome},
    {Planted::rebuild_skips_copy_back, "rebuild_skips_copy_back", "rebuild"},
    {Planted::erase_forgets_ids, "erase_forgets_ids", "erase", Eyes::outcome},
    {Planted::erase_before_noting, "erase_before_noting", "erase", Eyes::outcome},
    {Planted::mend_counted_in_books, "mend_counted_in_books", "9", Eyes::books},
    {Planted::lane_job_beside_batch, "lane_job_beside_batch", "lane"},
};

}  // namespace

std::span<const Plant> plants() {
  return kPlants;
}

}  // namespace twinshift::simulation
