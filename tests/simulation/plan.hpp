// What kind of world a seed makes: how many instances and targets, which bounds, which troubles. Made before anything
// happens.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "delivery/limits.hpp"

namespace twinshift::simulation {

inline constexpr std::size_t kHours = 16;  // of arrival; the wall clocks stay within them
inline constexpr base::WallTime kWallBeginning{std::chrono::sys_days(std::chrono::January / 1 / 2026)};
inline constexpr std::chrono::hours kHoursBefore{8};
inline constexpr std::chrono::milliseconds kLease{8'000};
// A write that is not durable by then is answered 503, and goes on (design.md, "Intake").
inline constexpr std::chrono::milliseconds kAnswerWithin{1'500};
inline constexpr std::size_t kIntakeWaitingMax = 60;
// With the primary healthy: from durable to committed there, whatever the secondary does.
inline constexpr std::chrono::milliseconds kPrimaryLagMax{1'000};

struct TargetPlan {
  bool has_backlog = false;
  bool reports_by_row = false;  // a refusal names its rows; else the whole batch is refused
  bool unique = true;           // the database keeps ids unique; else (Redshift) nothing but the writers' look-up does
  delivery::TargetLimits limits{};
};

struct Plan {
  std::size_t instances = 1;
  bool shared_queue = false;  // one SQS-like queue for all; else each instance has its own
  std::vector<TargetPlan> targets{};
  delivery::FlowLimits flow{};
  std::chrono::milliseconds storm{};
  std::size_t events_max = 0;

  // The primary, the processes and their disks are well all the time; only secondaries have trouble. Then the primary's
  // lag is measured.
  bool isolation = false;
  bool lying_disk = false;      // now and then fsync reports success for what a power loss then takes away
  bool waives = false;          // a secondary is switched off and on again
  bool keeps_refusing = false;  // rows that a target refuses stay refused: they must end in its quarantine
  // Two targets that are compared, corrupted and mended, and persons whose events are erased; wall clocks agree.
  bool compares = false;
  std::size_t disk_units = 0;  // one for each message that is stored
  std::size_t reserve_units = 0;
  std::optional<std::uint64_t> crash_at_action{};  // of all actions that are carried out, counted from 1
};

Plan make_plan(base::Random& random);

}  // namespace twinshift::simulation
