// Puts right what a comparison finds, as it comes: findings are gathered into orders, and while one order is carried
// out the next findings are looked for. Memory does not grow with what is found.
//
// One thread; the Mender is called on another, one call at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "proof/both.hpp"
#include "proof/digest.hpp"
#include "proof/finding.hpp"
#include "proof/mend.hpp"

namespace twinshift::proof {

// What is to be done about such findings; nothing: they are only named (erased, quarantined, undecided, foreign).
std::optional<MendKind> remedy_of(FindingKind kind);
// Likewise of one; nothing also where it shows that nobody can put it right.
std::optional<MendKind> remedy_of(const Finding& finding);

// What was done on one target.
struct Receipt {
  std::uint64_t copied = 0;
  std::uint64_t replaced = 0;
  std::uint64_t surplus = 0;
  std::uint64_t in_order = 0;
  std::uint64_t left = 0;
  std::uint64_t batches = 0;
  std::string first_batch{};
  std::string last_batch{};
  [[nodiscard]] bool changed() const { return copied + replaced + surplus > 0; }
};

// Events that were left and are remembered, so that a second comparison leaves none again; beyond it each counts anew.
inline constexpr std::size_t kLeftRememberedMax = 65'536;

class Repairer {
 public:
  struct Parts {
    Mender* mender = nullptr;
    Pair<std::string> targets{};
    std::function<void(const std::string& target, const LeftEvent&)> left{};  // each once, when its order has ended
    // How an order is begun; deferred: on the one thread, once its report is asked for (a simulation has no other).
    std::launch launch = std::launch::async;
  };
  explicit Repairer(Parts parts) : parts_(std::move(parts)) {}
  ~Repairer();  // waits for the order that is under way
  Repairer(const Repairer&) = delete;
  Repairer& operator=(const Repairer&) = delete;

  // Blocks while an earlier order is carried out and the next one is full. An error is that of an order: what was done
  // stands, and nothing more is begun.
  base::Status take(const Finding& finding);
  // Carries out what is gathered, and what that led to.
  base::Status finish();

  [[nodiscard]] const Receipt& receipt(std::size_t side) const { return receipts_[side]; }
  // Was the event left on that target?
  [[nodiscard]] bool has_left(const std::string& target, const std::string& id) const;
  void forget_touched() {
    touched_.reset();
    touched_timeless_ = false;
  }
  // Within which event_at events were put right, or left; nothing where there was none.
  [[nodiscard]] const std::optional<Span>& touched() const { return touched_; }
  // Some had no event_at that can be read: no span holds them.
  [[nodiscard]] bool touched_timeless() const { return touched_timeless_; }

 private:
  using Way = std::pair<std::string, MendKind>;  // target and kind
  base::Status gather(const Way& way, MendPlace place, bool timeless);
  [[nodiscard]] std::size_t enough(MendKind kind) const;
  base::Status drain(bool all);
  base::Status begin(MendOrder order);
  base::Status settle();
  base::Status note(const MendOrder& order, MendReport report);
  void leave(const std::string& target, const LeftEvent& left);
  Receipt& receipt_of(const std::string& target);
  [[nodiscard]] const std::string& other_than(const std::string& target) const;

  const Parts parts_;
  std::map<Way, std::vector<MendPlace>> gathered_;  // some two orders at most
  Pair<Receipt> receipts_{};
  std::set<std::tuple<std::string, std::string, LeftWhy>> left_;  // target, id
  std::optional<Span> touched_;
  bool touched_timeless_ = false;
  std::optional<MendOrder> under_way_;
  std::future<MendReport> report_;  // of under_way_
  std::optional<base::Error> error_;
};

}  // namespace twinshift::proof
