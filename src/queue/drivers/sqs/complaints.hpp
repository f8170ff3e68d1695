// What goes wrong with the queue, told once and remembered: one throttled log line a kind of call, the last error for
// status(), and the rights that we were found to lack. Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "aws/failure.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/log.hpp"

namespace twinshift::queue::sqs {

enum class Action : std::uint8_t { send, receive, receive_check, erase, change_visibility, read_attributes, renew };
inline constexpr std::size_t kActions = 7;

class Complaints {
 public:
  // `place` names the queue for people: "backlog of secondary, https://sqs.../queue".
  explicit Complaints(std::string place) : place_(std::move(place)) {}

  // Logged (a receive is not: its caller is told and logs) and kept as the action's last error. Where it is a right
  // that is missing and the action is one that we can do without, it is said once and may_try() answers false for a
  // while.
  void failed(Action action, const aws::Failure& failure);
  void failed(Action action, const base::Error& error);
  void succeeded(Action action);

  // False for kRightRetry after the right was found missing: asking each time would fill two logs, ours and AWS's.
  [[nodiscard]] bool may_try(Action action) const;
  [[nodiscard]] std::optional<base::Error> last(Action action) const;
  [[nodiscard]] const std::string& place() const { return place_; }

 private:
  struct State {
    std::optional<base::Error> error;
    base::log::Throttle throttle;
    std::optional<base::SteadyTime> denied_at;
    bool denial_told = false;
  };
  [[nodiscard]] State& state(Action action) { return states_[static_cast<std::size_t>(action)]; }
  [[nodiscard]] const State& state(Action action) const { return states_[static_cast<std::size_t>(action)]; }

  const std::string place_;
  mutable std::mutex mutex_;
  std::array<State, kActions> states_;
};

}  // namespace twinshift::queue::sqs
