// What several instances owe: one's own debts, and what the others have published of theirs in the primary's table
// `twinshift_owed` (docs/formats/owed.md), which says how many, never which.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "config/settings.hpp"
#include "proof/debts.hpp"
#include "warehouse/owed.hpp"

namespace twinshift::app {

// An instance that has published nothing for so long may owe what it has not told: what arrived from an hour before its
// last word until kUntoldAfter behind it.
inline constexpr std::chrono::minutes kSilentAfter{2};
inline constexpr std::chrono::minutes kUntoldBefore{60};
inline constexpr std::chrono::minutes kUntoldAfter{5};
// A shared queue (SQS) hands an event that the primary has committed to the secondary, or to its backlog, within
// seconds. Where an event stands in the primary for longer and somebody keeps what is owed, it waits there no more.
inline constexpr std::chrono::minutes kQueuedMax{15};
// Longer than this no message is kept by SQS: 14 days at most in a queue, as many in its DLQ (SQS developer guide,
// "message retention").
inline constexpr std::chrono::hours kQueuedEver{28 * 24};

// What the others' rows say of events that arrived then and that nobody is known to owe. Pure.
class OthersRows {
 public:
  // `silent_after`: at least kSilentAfter; longer where instances publish less often.
  OthersRows(std::vector<warehouse::OwedRow> rows, const std::string& own, base::WallTime now,
             std::chrono::seconds silent_after);
  [[nodiscard]] bool may_owe(const std::string& target, base::WallTime received_at) const;

 private:
  struct Untold {
    base::WallTime from;
    base::WallTime to;
  };
  std::vector<warehouse::OwedRow> owing_;  // that say that something is owed, or in a quarantine
  std::vector<Untold> untold_;             // of instances that are silent
};

// The oldest hour of arrival of which another instance owes something; nothing where none says so.
base::Result<std::optional<base::WallTime>> oldest_owed_by_others(const config::Settings& settings,
                                                                  const std::string& own);

// `own`: our name among the instances, whose rows are passed over.
std::unique_ptr<proof::Debts> with_other_instances(const config::Settings& settings, std::string own,
                                                   std::unique_ptr<proof::Debts> debts);

}  // namespace twinshift::app
