// The background audit: compares the two targets at an interval (AUDIT_INTERVAL), says what it finds in the log, and
// keeps "identical up to T" (docs/verify.md). It asks by connections of its own and yields to everything else.
//
// Threads: one of its own. start(), stop() and the destructor by one thread; state() by any.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "delivery/worker.hpp"
#include "proof/debts.hpp"
#include "proof/parity.hpp"
#include "proof/verifier.hpp"

namespace twinshift::app {

// How long a query of an audit should take on a target.
inline constexpr std::chrono::milliseconds kAuditQuestion{1'000};
// After a start, so that it does not add to it.
inline constexpr std::chrono::seconds kFirstAuditAfter{30};
// Ids that one line of the log names.
inline constexpr std::size_t kAuditIdsMax = 5;

class Auditor {
 public:
  // What a comparison needs, opened anew for each, so that a target that was moved is found.
  struct Opened {
    std::array<std::unique_ptr<proof::Side>, 2> sides;
    std::unique_ptr<proof::Debts> debts;
    std::optional<base::WallTime> others_oldest{};
  };
  struct Parts {
    std::chrono::milliseconds interval{3'600'000};
    std::chrono::milliseconds first_after = kFirstAuditAfter;
    bool ids_from_content = true;
    std::function<base::Result<Opened>()> open;                   // the thread's; must own what it uses
    std::function<proof::OldestDebt()> oldest_debt;               // any thread
    std::function<base::Status(const proof::ParityState&)> keep;  // the thread's; must own what it uses
    const base::Clock* clock = &base::system_clock();
  };
  explicit Auditor(Parts parts);
  ~Auditor();
  Auditor(const Auditor&) = delete;
  Auditor& operator=(const Auditor&) = delete;

  // Before start().
  void restore(const proof::Parity::Proved& proved);
  void start();
  // False where a call of a target did not come back within `limit`: the thread is left behind. Idempotent.
  bool stop(std::chrono::milliseconds limit);

  [[nodiscard]] proof::ParityState state() const;
  // How far behind now. Nothing while it is not known.
  [[nodiscard]] std::optional<std::chrono::milliseconds> lag() const;

 private:
  struct Core;  // shared with the thread, which may be left behind
  std::shared_ptr<Core> core_;
  std::unique_ptr<delivery::Worker> worker_;
};

}  // namespace twinshift::app
