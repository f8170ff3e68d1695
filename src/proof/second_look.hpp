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

class SecondLook {
 public:
  struct Parts {
    Sides sides;
    Debts* debts = nullptr;
    const base::Clock* clock = nullptr;
    std::function<void(std::chrono::nanoseconds)> wait;  // for the clock's steady time to pass; may return early
    std::chrono::milliseconds apart{};
    std::function<void(const Finding&)> found;
  };
  explicit SecondLook(Parts parts) : parts_(std::move(parts)) {}

  base::Status take(std::vector<Suspect> suspects);
  // Those whose time has come.
  base::Status look();
  // All, waiting for each one's time.
  base::Status finish();
  // Of all that were suspected: how many were owed to a target, and how many were the same when looked at again.
  [[nodiscard]] std::uint64_t owed() const { return owed_; }
  [[nodiscard]] std::uint64_t settled() const { return settled_; }

 private:
  struct Waiting {
    base::SteadyTime due;
    std::vector<Suspect> suspects;
  };
  base::Status look_at(std::vector<Suspect> suspects);
  // What a target may lack for a good reason, by the suspects' order.
  struct Excuses {
    std::vector<Owing> owes;
    std::vector<bool> quarantined;
  };
  base::Result<Excuses> excuses(const std::string& target, const std::vector<Listed>& rows);
  void judge(const Suspect& suspect, const Pair<Presence>& now, const Pair<Excuses>& excuses, std::size_t index);
  void judge_missing(const Suspect& suspect, std::size_t side, const Excuses& excuses, std::size_t index);
  void report(FindingKind kind, std::size_t side, const Suspect& suspect, std::int64_t copies, std::string column = {});

  const Parts parts_;
  std::deque<Waiting> waiting_;
  std::size_t waiting_suspects_ = 0;
  std::uint64_t owed_ = 0;
  std::uint64_t settled_ = 0;
};

}  // namespace twinshift::proof
