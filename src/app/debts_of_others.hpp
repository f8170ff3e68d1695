// What several instances owe: one's own debts, and what the others have published of theirs in the primary's table
// `twinshift_owed` (docs/formats/owed.md), which says how many, never which.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
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
// Whoever has said something of these hours before an event's arrival may have taken that event, too.
inline constexpr std::chrono::hours kKnownBefore{24};
// A shared queue (SQS) hands an event that the primary has committed to the secondary, or to its backlog, within
// seconds. Where an event stands in the primary for longer and somebody keeps what is owed, it waits there no more.
inline constexpr std::chrono::minutes kQueuedMax{15};
// Longer than this no message is kept by SQS: 14 days at most in a queue, as many in its DLQ (SQS developer guide,
// "message retention").
inline constexpr std::chrono::hours kQueuedEver{28 * 24};

// What the others' rows say of events that arrived then and that nobody is known to owe. Pure.
class OthersRows {
 public:
  // `silent_after`: at least kSilentAfter; longer where instances publish less often. Of what has arrived since then
  // another may owe without having said so.
  OthersRows(std::vector<warehouse::OwedRow> rows, const std::string& own, base::WallTime now,
             std::chrono::seconds silent_after);
  [[nodiscard]] bool may_owe(const std::string& target, base::WallTime received_at) const;

 private:
  struct Untold {
    base::WallTime from;
    base::WallTime to;
  };
  std::vector<warehouse::OwedRow> owing_;              // that say that something is owed, or in a quarantine
  std::vector<Untold> untold_;                         // of instances that are silent
  base::WallTime fresh_from_ = base::WallTime::max();  // where there is another at all
};

// One's own debts, and what the others' rows say beside them. One thread.
class DebtsOfAll final : public proof::Debts {
 public:
  struct Parts {
    std::unique_ptr<proof::Debts> own{};  // of this instance
    std::string instance{};               // its name, whose rows are passed over
    const base::Clock* clock = nullptr;
    bool keeps_debts = true;  // where the queue is shared: what is owed to the secondary leaves it for a backlog
    std::chrono::seconds silent_after = kSilentAfter;
    // All instances' rows of the hours of arrival from that one on, and of any hour of which something is owed.
    std::function<base::Result<std::vector<warehouse::OwedRow>>(base::WallTime from)> read_rows{};
  };
  explicit DebtsOfAll(Parts parts) : parts_(std::move(parts)) {}

  base::Result<proof::Digests> owed(const std::string& target, const proof::Span& span,
                                    std::chrono::seconds window) override {
    return parts_.own->owed(target, span, window);
  }
  base::Result<std::vector<proof::Owing>> owes(const std::string& target,
                                               std::span<const proof::Listed> events) override;
  base::Result<std::vector<bool>> quarantined(const std::string& target,
                                              std::span<const proof::Listed> events) override {
    return parts_.own->quarantined(target, events);
  }

 private:
  [[nodiscard]] bool still_queued(const std::string& target, const proof::Listed& event, base::WallTime now) const;

  const Parts parts_;
};

// The oldest hour of arrival of which another instance owes something; nothing where none says so.
base::Result<std::optional<base::WallTime>> oldest_owed_by_others(const config::Settings& settings,
                                                                  const std::string& own);

// `own`: our name among the instances, whose rows are passed over.
std::unique_ptr<proof::Debts> with_other_instances(const config::Settings& settings, std::string own,
                                                   std::unique_ptr<proof::Debts> debts);

}  // namespace twinshift::app
