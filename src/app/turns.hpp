// Commands that change something take turns, whoever asks for them: a record that is replayed and dropped at the same
// time would both land and be waived; a loss that is signed off while a drop or a replay is between two stores may be
// none. Those that only read run beside them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "control/control.hpp"

namespace twinshift::app {

// How long a command waits for the one before it. With its own time this stays below control::kAnswerMax.
inline constexpr std::chrono::seconds kTurnMax{30};

// Any thread.
class Turns {
 public:
  explicit Turns(std::chrono::milliseconds wait_max = kTurnMax) : wait_max_(wait_max) {}

  // What `work` replies, called while no other runs; or that it was not called, and why.
  control::Reply run(const std::function<control::Reply()>& work);
  // A turn that outlasts the call: until end_hold(), for `most` at the longest. Its number. Errors: conflict (another
  // one did not end in time), cancelled.
  base::Result<std::uint64_t> hold(std::chrono::milliseconds most);
  // True: that turn lasted until now.
  bool end_hold(std::uint64_t number);
  // Nobody waits any more, or begins.
  void cancel() { stop_.request_stop(); }

 private:
  base::Status take();
  void give_back();
  // Under the lock.
  void look_at_hold(base::SteadyTime now);

  const std::chrono::milliseconds wait_max_;
  std::stop_source stop_;
  std::mutex mutex_;
  std::condition_variable_any ended_;
  // All below: mutex_.
  bool taken_ = false;
  std::optional<base::SteadyTime> held_until_;
  std::uint64_t last_hold_ = 0;
};

}  // namespace twinshift::app
