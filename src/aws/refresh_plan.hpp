// When credentials are fetched anew, decided without clock, lock or I/O: it is told the time and what came of a fetch.
// One thread at a time. The times are botocore's (credentials.py: advisory 15 min, mandatory 10 min before the end;
// IMDS: old ones are tried again after 15 min and 2 to 10 min of jitter).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "aws/credentials.hpp"
#include "base/backoff.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/random.hpp"

namespace twinshift::aws {

inline constexpr std::chrono::minutes kRefreshSoon{15};  // before the end: fetch beside the callers
inline constexpr std::chrono::minutes kRefreshNow{10};   // before the end: fetch before the next call
// However soon new credentials end, and however often they are refused, no more than one fetch in this time.
inline constexpr std::chrono::seconds kFetchEvery{30};
// After failures: doubling from the first to the last of these.
inline constexpr base::BackoffLimits kFetchBackoff{.first = std::chrono::seconds(1), .most = std::chrono::seconds(60)};
// After a source that keeps expired ones has handed out old ones.
inline constexpr std::chrono::minutes kStaleEvery{15};
inline constexpr std::chrono::minutes kStaleJitterLeast{2};
inline constexpr std::chrono::minutes kStaleJitterMost{10};

class RefreshPlan {
 public:
  enum class Need : std::uint8_t {
    none,  // best() is what there is
    soon,  // best() will do, but someone should fetch
    now,   // fetch, then best()
  };
  struct Now {
    base::WallTime wall;
    base::SteadyTime steady;
  };

  explicit RefreshPlan(std::uint64_t seed) : random_(seed) {}

  [[nodiscard]] Need need(const Now& now) const;
  // The present ones as long as they may be used, else the last failure.
  [[nodiscard]] base::Result<Credentials> best(const Now& now) const;
  // Does best() give some that are not over?
  [[nodiscard]] bool holds_good(const Now& now) const;

  // True where they are (nearly) over already, for the first time in a row: worth a word.
  bool got(Credentials credentials, bool keeps_expired, const Now& now);
  // True for the first in a row.
  bool failed(base::Error error, const Now& now);
  // Only the present ones count: a refusal may be about those before.
  void refused(const Credentials& credentials);

 private:
  [[nodiscard]] bool ends_within(std::chrono::minutes left, base::WallTime now) const {
    return current_->expires_at && *current_->expires_at - now <= left;
  }

  base::Random random_;
  std::optional<Credentials> current_;
  bool keeps_expired_ = false;
  bool old_ = false;  // the last ones were nearly over when they came
  bool refused_ = false;
  std::optional<base::Error> failure_;  // of the last fetch, where it failed
  base::Backoff backoff_{kFetchBackoff};
  base::SteadyTime not_before_{};         // of the next fetch ...
  base::SteadyTime forced_not_before_{};  // ... and of one that a refusal asks for
};

}  // namespace twinshift::aws
