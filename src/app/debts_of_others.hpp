// What several instances owe: one's own debts, and what the others have published of theirs in the primary's table
// `twinshift_owed` (docs/formats/owed.md), which says how many, never which, and up to when they have told it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
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
    std::vector<warehouse::InstanceWord> words{};  // read before the rows; of one instance maybe several
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

// One's own debts, and what the others' rows and words say beside them. One thread.
class DebtsOfAll final : public proof::Debts {
 public:
  struct Parts {
    std::unique_ptr<proof::Debts> own{};  // of this instance
    std::string instance{};               // its name, whose rows are passed over
    const base::Clock* clock = nullptr;
    bool keeps_debts = true;  // where the queue is shared: what is owed to the secondary leaves it for a backlog
    bool shared_queue = false;
    std::chrono::seconds silent_after = kSilentAfter;
    // All instances' words, and then their rows of the hours of arrival from that one on, and of any hour of which
    // something is owed; nothing else of OthersRows::Parts.
    std::function<base::Result<OthersRows::Parts>(base::WallTime from)> read{};
  };
  explicit DebtsOfAll(Parts parts) : parts_(std::move(parts)) {}

  base::Result<proof::Digests> owed(const std::string& target, const proof::Span& span,
                                    std::chrono::seconds window) override {
    return parts_.own->owed(target, span, window);
  }
  base::Result<std::vector<proof::Owing>> owes(const std::string& target, std::span<const proof::Listed> events,
                                               base::WallTime seen) override;
  base::Result<std::vector<bool>> quarantined(const std::string& target,
                                              std::span<const proof::Listed> events) override {
    return parts_.own->quarantined(target, events);
  }
  [[nodiscard]] std::vector<std::string> reasons() const override { return {reasons_.begin(), reasons_.end()}; }

 private:
  void note(std::string why);
  // What our own stores leave open, for the others to say.
  std::vector<std::size_t> settle_own(const std::string& target, std::span<const proof::Listed> events,
                                      std::vector<proof::Owing>& answers);
  [[nodiscard]] bool still_queued(const std::string& target, const proof::Listed& event, base::WallTime now) const;
  base::Result<OthersRows> read_others(base::WallTime oldest) const;
  proof::Owing judge(const OthersRows& others, const std::string& target, const proof::Listed& event,
                     base::WallTime seen);
  bool is_among_refused(const std::string& target, const proof::Listed& event, std::uint64_t most);

  const Parts parts_;
  std::set<std::string> reasons_;                                                    // at most kReasonsMax
  std::map<std::pair<std::string, base::WallTime>, std::set<std::string>> refused_;  // by target and hour
  std::size_t refused_ids_ = 0;                                                      // in all of them
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
