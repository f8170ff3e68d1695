// "Identical up to T": what the audits and the debts of the moment say together of a pair of targets. T is a time of
// arrival: whatever arrived before it stands on both sides, but for what a target refused and the quarantine keeps.
//
// No I/O; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "proof/both.hpp"

namespace twinshift::proof {

enum class AuditVerdict : std::uint8_t { equal, different, undecided };
constexpr std::string_view to_string(AuditVerdict verdict) {
  switch (verdict) {
    case AuditVerdict::equal:
      return "equal";
    case AuditVerdict::different:
      return "different";
    case AuditVerdict::undecided:
      return "undecided";
  }
  return "unknown";
}

struct Audit {
  base::WallTime begun{};
  std::chrono::milliseconds took{0};
  AuditVerdict verdict = AuditVerdict::undecided;
  Pair<std::int64_t> rows{};        // by side
  Pair<std::int64_t> without_id{};  // rows that cannot be compared (Side::without_id)
  std::uint64_t differences = 0;    // events named as missing, doubled, changed or foreign
  std::uint64_t quarantined = 0;    // events that stand on one side only, as the other's quarantine keeps them
  std::string found;                // "2 missing in secondary"; or why it could not tell
  std::string why{};                // why something could not be told, and what can be done; the first reason
  // The oldest arrival that another instance owes or may owe; nothing where there is no other.
  std::optional<base::WallTime> others_oldest{};
};

// The oldest arrival that we still owe to one of the two.
struct OldestDebt {
  bool known = true;                        // false: it could not be found out
  std::optional<base::WallTime> arrived{};  // nothing where we owe nothing
};

struct ParityState {
  std::optional<base::WallTime> up_to;  // nothing: no audit has come out equal yet
  std::uint64_t except = 0;             // quarantined on one side, as of the last equal audit
  std::optional<Audit> last;            // of this process
  std::optional<base::WallTime> equal_at;
  std::optional<base::WallTime> others_oldest;  // as of the last equal audit
};

class Parity {
 public:
  void add(const Audit& audit);
  // What an earlier process has proved.
  struct Proved {
    base::WallTime equal_at{};
    base::WallTime up_to{};
    std::optional<base::WallTime> others_oldest{};
    std::uint64_t except = 0;
  };
  void restore(const Proved& proved);
  // While the oldest debt is not known, the time stays where it was.
  [[nodiscard]] ParityState state(const OldestDebt& oldest_debt) const;

 private:
  mutable std::mutex mutex_;
  // All below: mutex_.
  std::optional<Audit> last_;
  std::optional<base::WallTime> equal_at_;
  std::optional<base::WallTime> others_oldest_;
  std::uint64_t except_ = 0;
  mutable std::optional<base::WallTime> up_to_;  // as of the last debt that was known
};

}  // namespace twinshift::proof
