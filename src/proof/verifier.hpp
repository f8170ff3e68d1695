// Are the two tables the same? By digests window by window, in bites that cost a target a bounded time each; where they
// differ, down to the ids (docs/verify.md).
//
// One thread; asks both sides at the same time. Safe beside live traffic: every question is one short read transaction.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "proof/both.hpp"
#include "proof/debt_sums.hpp"
#include "proof/debts.hpp"
#include "proof/deep_look.hpp"
#include "proof/doubtful_windows.hpp"
#include "proof/finding.hpp"
#include "proof/second_look.hpp"
#include "proof/splitter.hpp"

namespace twinshift::proof {

struct VerifyOptions {
  // Of event_at; the whole of both tables where they are not given.
  std::optional<base::WallTime> from{};
  std::optional<base::WallTime> to{};
  std::chrono::seconds window{3'600};  // a multiple of a minute, at most kWindowMax
  // From the first sight of a difference to the second look at its ids.
  std::chrono::milliseconds apart{2'000};
  // How long one question about digests should take on either side: the next one asks for more or for less.
  std::chrono::milliseconds question{2'000};
  // Also read every row and tell its event: finds what was changed in place.
  bool deep = false;
  // False where ids are minted (EVENT_IDENTITY=message): content says nothing about an id then.
  bool ids_from_content = true;
  // For copying a whole table: what a side lacks is told at the first look (SecondLook::Parts::once), and of the
  // windows that differ only those are looked into in which this side holds something.
  bool once = false;
  // With `once`: what a target has noted as erased is told as that. Whoever copies need not ask: the write passes it
  // over.
  bool once_minds_erased = false;
  std::optional<std::size_t> held_by{};
  // Also look at rows whose event_at is none, or outside of kAllTimes, where `from` and `to` are given.
  bool outside_too = false;
};
// Windows of one question at least: a side that cannot answer so few within its time cannot be compared.
inline constexpr std::int64_t kBiteWindowsMin = 1;
// A table that takes this much of the time for one question, at kScanBytes a second, is asked all at once.
inline constexpr std::int64_t kScanBytes = std::int64_t{1} << 30;
// Changed rows that are remembered, so that each is named once: two ways may lead to one.
inline constexpr std::size_t kChangedMax = 65'536;
inline constexpr std::chrono::seconds kWindowMax{31 * 86'400};

struct VerifyReport {
  Span span{};                   // what was compared; empty where both tables hold nothing there
  Pair<std::int64_t> rows{};     // by side
  Pair<std::int64_t> owed{};     // by side; as far as it is known
  Pair<std::int64_t> outside{};  // by side; rows whose event_at is none, or outside of kAllTimes; part of `rows`
  // By side; rows with neither event_id nor event_at, which are not compared and no part of `rows` (Side::without_id).
  Pair<std::int64_t> without_id{};
  std::uint64_t windows = 0;           // that hold something
  std::uint64_t different = 0;         // of these: whose digests differed
  std::uint64_t settled = 0;           // ids that were on their way at the first look and the same at the second
  std::uint64_t owed_ids = 0;          // that differ because they are owed
  base::WallTime as_of{};              // when the comparison began
  std::vector<std::string> reasons{};  // why something could not be told (Debts::reasons())
};

struct VerifyProgress {
  double share = 0;  // of the span, 0 to 1
  std::uint64_t rows = 0;
  bool awaits_others = false;  // all is compared; other instances have yet to tell what they owe
};

class Verifier {
 public:
  struct Parts {
    Sides sides;
    Debts* debts = nullptr;
    const base::Clock* clock = nullptr;
    std::function<void(std::chrono::nanoseconds)> wait;
    std::function<void(const Finding&)> found;        // each once; as soon as it is sure
    std::function<void(const VerifyProgress&)> told;  // after each bite; may be empty
    std::function<bool()> stop;                       // true: end with `cancelled`; may be empty
  };
  Verifier(const VerifyOptions& options, Parts parts);
  Verifier(const Verifier&) = delete;  // its parts call back
  Verifier& operator=(const Verifier&) = delete;

  // Errors are those of the sides and of the debts; what was found until then has been told.
  base::Result<VerifyReport> run();

 private:
  // What to compare, and whether in one bite. Nothing: both hold nothing there.
  struct Task {
    Span span{};
    bool at_once = false;
  };
  base::Result<std::optional<Task>> plan();
  base::Result<std::optional<Task>> plan_bites();
  [[nodiscard]] Span asked() const {
    return {options_.from.value_or(kAllTimes.from), options_.to.value_or(kAllTimes.to)};
  }
  base::Result<bool> small();
  // What a stretch of windows holds.
  struct Bite {
    Span span{};
    Pair<Digests> digests{};
    Pair<std::vector<Listed>> doubles{};
  };
  base::Status compare_all(const Task& task);
  base::Status bites(const Task& task);
  base::Result<Bite> ask(const Span& span);
  base::Result<Pair<std::vector<Listed>>> ask_for_doubles(const Slice& slice);
  base::Status bite(const Task& task, Bite& taken);
  [[nodiscard]] base::Status stopped() const;
  [[nodiscard]] std::uint64_t rows_so_far() const {
    return static_cast<std::uint64_t>(std::max(report_.rows[0], report_.rows[1]));
  }
  void count(const Pair<Digests>& digests, const Span& span);
  base::Status compare_slice(const Slice& slice);
  void tell(Finding finding);
  bool is_told(const Finding& finding);
  base::Status take_doubles(const Pair<std::vector<Listed>>& doubles);
  base::Status add_debts(const Span& whole, Bite& taken);
  base::Status look_into(const Task& task, Bite& taken);
  base::Status look_up_lone();
  base::Status name_unexplained();
  base::Status compare_outside();
  void adapt(std::chrono::nanoseconds took, bool empty);

  const VerifyOptions options_;
  const Parts parts_;
  SecondLook second_look_;
  DebtSums debt_sums_;
  DoubtfulWindows doubtful_;
  Splitter splitter_;
  DeepLook deep_look_;
  std::set<std::pair<std::string, std::string>> changed_;  // target and id
  bool undecided_ = false;                                 // somebody may owe what was found
  std::set<std::pair<std::string, std::string>> doubled_;  // likewise
  std::set<std::pair<std::string, std::string>> erased_;   // likewise
  std::set<std::pair<std::string, std::string>> unsound_;  // likewise: nothing can be copied from these rows
  std::set<std::string> renamed_;                          // ids that somebody gave to another event's row
  std::int64_t bite_windows_;
  std::int64_t bite_windows_max_ = kWindowsMax;  // less once more was too much
  base::SteadyTime seen_{};                      // when the present bite was asked for
  VerifyReport report_;
};

}  // namespace twinshift::proof
