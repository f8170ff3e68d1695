// One statement's way through the Data API, from its sending to a known end: what to do next, and what an end means.
// No I/O, no clock; one thread.
//
//   sent (again with the same token while its answer is lost) -> looked at until it ends -> cancelled when its time is
//   over -> looked at again: a cancelled statement may still finish.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "base/clock.hpp"

namespace twinshift::warehouse {

// DescribeStatement's (API model, StatusString). `running`: SUBMITTED, PICKED, STARTED and whatever is not known.
enum class DataStatus : std::uint8_t { running, finished, failed, aborted };
DataStatus data_status_from(std::string_view name);

// Why a call gave no answer that helps.
enum class CallTrouble : std::uint8_t {
  throttled,  // nothing was done: slower
  unsure,     // no answer, or the service's own error: it may have been done
  unreached,  // nothing was done: there was nobody
  refused,    // nothing was done, and the same will be refused again
};

struct RunLimits {
  std::chrono::milliseconds statement_timeout{60'000};
  // Between two looks at an endpoint that does not wait itself: from look_pause_first, growing to look_pause_max.
  std::chrono::milliseconds look_pause_first{50};
  std::chrono::milliseconds look_pause_max{2'000};
  // Between two tries to send.
  std::chrono::milliseconds send_pause_first{200};
  std::chrono::milliseconds send_pause_max{5'000};
  // Tries that may have been carried out, before that is left to a later question.
  int unsure_tries_max = 4;
  // For a cancelled statement to come to its end.
  std::chrono::milliseconds settle_max{15'000};
};

// Most that the service waits for us (API model, WaitTimeSeconds: 1 to 30): an endpoint that takes the call and never
// answers is found out after this and ten seconds more.
inline constexpr std::chrono::seconds kServiceWaitMax{20};

class StatementRun {
 public:
  enum class Do : std::uint8_t { send, look, pause, cancel, end };
  struct Next {
    Do what = Do::end;
    // send, look: what the service may wait, 0 for an answer at once; pause: how long.
    std::chrono::milliseconds wait{0};
  };
  enum class End : std::uint8_t {
    finished,   // committed
    failed,     // rolled back: the description says why
    aborted,    // rolled back
    timed_out,  // rolled back, as we asked for when its time was over
    not_sent,   // nothing was done
    unknown,    // it may be running, or have ended either way
  };

  // `deadline`: of sending. A statement that is under way ends by its own limits.
  StatementRun(const RunLimits& limits, base::SteadyTime now, base::SteadyTime deadline);
  // Goes on with one whose outcome was left unknown. `accepted`: its name is known, so it need not be sent again.
  static StatementRun resumed(const RunLimits& limits, base::SteadyTime now, base::SteadyTime deadline, bool accepted);

  [[nodiscard]] Next next(base::SteadyTime now) const;

  void sent(base::SteadyTime now, std::chrono::nanoseconds took, DataStatus status);
  void send_failed(base::SteadyTime now, CallTrouble trouble);
  // From a description, which says all that is to be known.
  void looked(base::SteadyTime now, std::chrono::nanoseconds took, DataStatus status);
  void look_failed(base::SteadyTime now, CallTrouble trouble);
  void cancel_tried(base::SteadyTime now) { cancelled_at_ = now; }

  [[nodiscard]] End end() const { return end_; }

 private:
  enum class Phase : std::uint8_t { sending, running, ended };

  void finish(End end);
  void pause_unless_waited(base::SteadyTime now, std::chrono::nanoseconds took);
  [[nodiscard]] std::chrono::milliseconds look_wait(base::SteadyTime now) const;
  [[nodiscard]] base::SteadyTime patience() const;

  RunLimits limits_;
  base::SteadyTime deadline_;
  base::SteadyTime begun_;       // when it was accepted
  base::SteadyTime not_before_;  // of the next call
  base::SteadyTime cancelled_at_{};
  std::chrono::milliseconds send_pause_;
  std::chrono::milliseconds look_pause_;
  Phase phase_ = Phase::sending;
  End end_ = End::unknown;
  int unsure_tries_ = 0;
  bool maybe_sent_ = false;   // an earlier try may have reached the service
  bool ended_there_ = false;  // it has ended; only its description is still to come
};

}  // namespace twinshift::warehouse
