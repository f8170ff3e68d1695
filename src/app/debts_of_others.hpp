// What several instances owe: one's own debts, and what the others have published of theirs in the primary's table
// `twinshift_owed` (docs/formats/owed.md), which says how many, never which, and up to when they have told it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "config/settings.hpp"
#include "proof/debts.hpp"
#include "warehouse/owed.hpp"
#include "warehouse/schema/owed_text.hpp"

namespace twinshift::app {

// An instance that has said nothing for so long may have been cut off, or killed, with debts that it has not told;
// longer where instances publish less often (silent_after()).
inline constexpr std::chrono::minutes kSilentAfter{2};
// By how much the clocks of two instances may differ, and what an instance hears before it counts.
inline constexpr std::chrono::seconds kClocksApart{10};
// A shared queue (SQS) hands an event that the primary has committed to the secondary, or to its backlog, within
// seconds. Where an event stands in the primary for longer and somebody keeps what is owed, it waits there no more.
inline constexpr std::chrono::minutes kQueuedMax{15};
// Longer than this no message is kept by SQS: 14 days at most in a queue, as many in its DLQ (SQS developer guide,
// "message retention").
inline constexpr std::chrono::hours kQueuedEver{28 * 24};

// What the others' rows and words say of events that nobody is known to owe. Pure.
class OthersRows {
 public:
  struct Parts {
    std::vector<warehouse::OwedRow> rows{};
    std::vector<warehouse::InstanceWord> words{};  // read before the rows
    std::string own{};                             // our name: passed over
    base::WallTime now{};
    std::chrono::seconds silent_after = kSilentAfter;
    bool shared_queue = false;  // what an instance takes now may have arrived long ago
  };
  explicit OthersRows(Parts parts);

  struct Judged {
    proof::Owing owing = proof::Owing::no;
    std::string why{};  // of `unknown`: which instance, and what can be done
  };
  // `received_at`: 1970 where it is not known. `seen`: since when the event is known to be missing.
  [[nodiscard]] Judged judge(const std::string& target, base::WallTime received_at, base::WallTime seen) const;
  // How many events of that hour of arrival stand in quarantines of others and can be missing in the target alone:
  // none where an event may be refused by both targets, or is owed as well.
  [[nodiscard]] std::uint64_t refused(const std::string& target, base::WallTime received_at) const;
  // What arrived before stands where it is to be, as far as the others say: their oldest debt, or when the one of them
  // that has been quiet for longest last told what it owes. Nothing where there are no others.
  [[nodiscard]] std::optional<base::WallTime> oldest() const;

 private:
  // By a row of a debt; by a word that is too old.
  [[nodiscard]] Judged by_rows(const std::string& target, base::WallTime received_at) const;
  [[nodiscard]] Judged by_word(const warehouse::InstanceWord& word, base::WallTime received_at,
                               base::WallTime seen) const;
  [[nodiscard]] bool ahead(const warehouse::InstanceWord& word) const;
  [[nodiscard]] bool silent(const warehouse::InstanceWord& word) const;

  Parts parts_;  // without our own rows
  // By target and hour.
  std::map<std::pair<std::string, base::WallTime>, std::uint64_t> quarantined_;
};

// From when on an instance counts as silent: twice what it waits between two words, with what its books wait.
std::chrono::seconds silent_after(const config::Settings& settings);

// OthersRows::oldest() of now. One connection of its own, of the primary.
base::Result<std::optional<base::WallTime>> oldest_owed_by_others(const config::Settings& settings,
                                                                  const std::string& own);

// `own`: our name among the instances, whose rows are passed over.
std::unique_ptr<proof::Debts> with_other_instances(const config::Settings& settings, std::string own,
                                                   std::unique_ptr<proof::Debts> debts);

}  // namespace twinshift::app
