// Suspects are looked at again once they have had time to land, and named only if they still differ and nobody owes
// them. Beside live traffic nearly all suspects are events that had reached one side only.
//
// One thread; asks both sides at the same time.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "proof/both.hpp"
#include "proof/debts.hpp"
#include "proof/finding.hpp"
#include "proof/splitter.hpp"

namespace twinshift::proof {

// Suspects that wait for their second look; beyond it the oldest are looked at before more are taken (some 20 MB).
inline constexpr std::size_t kSuspectsMax = 65'536;

// Ids of a comparison that are looked for wherever they may stand, where no index helps: somebody who moves rows moves
// a few; where a table lacks more than these, they are gone.
inline constexpr std::size_t kElsewhereMax = 16'384;

// How long suspects whose time has come wait for more of them.
inline constexpr std::chrono::seconds kGather{5};

// How often it is asked again whether another instance has told what it owes, and for how long at most: some that runs
// does so within one or two minutes, by the Data API ten. Then it cannot be told.
inline constexpr std::chrono::milliseconds kAskAgain{5'000};
inline constexpr std::chrono::minutes kUntoldMax{15};

// The least time from the naming of a suspect to its second look.
inline constexpr std::chrono::milliseconds kListedApart{500};

class SecondLook {
 public:
  struct Parts {
    Sides sides;
    Debts* debts = nullptr;
    const base::Clock* clock = nullptr;
    std::function<void(std::chrono::nanoseconds)> wait;  // for the clock's steady time to pass; may return early
    std::chrono::milliseconds apart{};
    std::function<void(const Finding&)> found;
    std::function<base::Status()> stopped;  // an error ends the waiting
    bool ids_from_content = true;
    // What a side lacks at the first look is told at once, where nobody owes it: for whoever copies a whole table,
    // which may be done twice without harm.
    bool once = false;
    bool once_minds_erased = false;  // VerifyOptions
  };
  explicit SecondLook(Parts parts) : parts_(std::move(parts)) {}

  // `seen`: when the tables were first seen to differ there.
  base::Status take(std::vector<Suspect> suspects, base::SteadyTime seen);
  // Those whose time has come, many together: each look asks what is owed, which may go through millions.
  base::Status look();
  // All, waiting for each one's time.
  base::Status finish();
  // Of all that were suspected: how many were owed to a target, and how many were the same when looked at again.
  [[nodiscard]] std::uint64_t owed() const { return owed_; }
  [[nodiscard]] std::uint64_t settled() const { return settled_; }
  // Whether suspects wait until other instances have told what they owe.
  [[nodiscard]] bool awaits_others() const { return awaits_others_; }

 private:
  struct Waiting {
    base::SteadyTime due;
    base::SteadyTime seen;  // when the tables were seen to differ
    std::vector<Suspect> suspects;
  };
  base::Status look_at_due();
  base::Status look_at(std::vector<Suspect> suspects, base::SteadyTime seen);
  void put_off(std::vector<Suspect> suspects, base::SteadyTime seen);
  [[nodiscard]] base::WallTime wall_time(base::SteadyTime time) const;
  // What a target may lack for a good reason, by the suspects' order.
  struct Excuses {
    std::vector<Owing> owes;
    std::vector<bool> quarantined;
  };
  base::Result<Excuses> excuses(const std::string& target, const std::vector<Listed>& rows, base::WallTime seen);
  // A suspect with all that is known of it now.
  struct Case {
    const Suspect* suspect = nullptr;
    Pair<Presence> now{};
    Pair<Owing> owes{};
    Pair<bool> quarantined{};
    bool named = false;   // its rows say what was changed
    bool erased = false;  // some target has noted it as erased
    Pair<bool> noted{};   // which

    // Does not stand there now, though it does on the other side.
    [[nodiscard]] bool absent(std::size_t side) const { return now[side].copies == 0 && now[1 - side].copies > 0; }
    [[nodiscard]] bool lacks(std::size_t side) const { return absent(side) && suspect->copies[side] == 0; }
    // Fewer at that time than were seen before.
    [[nodiscard]] bool scattered(std::size_t side) const;
    [[nodiscard]] bool excused(std::size_t side) const {
      return owes[side] == Owing::yes || owes[side] == Owing::untold || quarantined[side];
    }
    // Stood here and not there at the first look, and now it is the other way round.
    [[nodiscard]] bool swapped(std::size_t side) const {
      return absent(side) && suspect->copies[side] > 0 && !suspect->doubled;
    }
    // Missing, and somebody is to say yet whether it is owed.
    [[nodiscard]] bool untold(std::size_t side) const {
      return lacks(side) && owes[side] == Owing::untold && !quarantined[side] && !erased;
    }
    [[nodiscard]] bool unlike() const;  // stands on both sides, by another key or at another time
  };
  base::Result<std::vector<Case>> open_cases(const std::vector<Suspect>& suspects, base::WallTime seen);
  base::Status look_again(std::vector<Case>& cases);
  base::Status look_elsewhere(std::vector<Case>& cases);
  base::Status look_for_erased(std::vector<Case>& cases);
  base::Status look_into(std::vector<Case>& cases);
  void judge(const Case& open);
  bool judge_side(const Case& open, std::size_t side);
  void judge_missing(const Case& open, std::size_t side);
  void report(Finding finding, std::size_t side, const Suspect& suspect);
  void report_foreign(const Suspect& suspect, std::size_t side);
  void report(FindingKind kind, std::size_t side, const Suspect& suspect, std::int64_t copies,
              bool perhaps_refused = false);

  const Parts parts_;
  std::deque<Waiting> waiting_;
  std::size_t waiting_suspects_ = 0;
  std::size_t elsewhere_left_ = kElsewhereMax;
  std::uint64_t owed_ = 0;
  std::uint64_t settled_ = 0;
  bool awaits_others_ = false;
};

}  // namespace twinshift::proof
