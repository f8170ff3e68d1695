#include "app/turns.hpp"

#include <algorithm>
#include <utility>

namespace twinshift::app {
namespace {

using base::ErrorKind;
using Steady = std::chrono::steady_clock;

}  // namespace

void Turns::look_at_hold(base::SteadyTime now) {
  if (!held_until_ || now < *held_until_) return;
  held_until_.reset();
  taken_ = false;
}

base::Status Turns::take() {
  std::unique_lock lock(mutex_);
  const auto deadline = Steady::now() + wait_max_;
  for (;;) {
    const auto now = Steady::now();
    look_at_hold(now);
    if (stop_.stop_requested()) {
      return base::fail(ErrorKind::cancelled, "the service is stopping", {},
                        "Try again when it runs: nothing was done");
    }
    if (!taken_) break;
    if (now >= deadline) {
      return base::fail(ErrorKind::conflict, "another command that changes something is still under way", {},
                        "Try again when it has ended: nothing was done");
    }
    // A hold whose owner is gone ends by the clock alone.
    const auto look = held_until_ ? std::min(*held_until_, deadline) : deadline;
    ended_.wait_until(lock, stop_.get_token(), look, [this] { return !taken_; });
  }
  taken_ = true;
  return {};
}

void Turns::give_back() {
  {
    const std::lock_guard lock(mutex_);
    taken_ = false;
  }
  ended_.notify_one();
}

control::Reply Turns::run(const std::function<control::Reply()>& work) {
  if (auto taken = take(); !taken) return {false, taken.error().text()};
  control::Reply reply = work();
  give_back();
  return reply;
}

base::Result<std::uint64_t> Turns::hold(std::chrono::milliseconds most) {
  if (auto taken = take(); !taken) return base::fail(std::move(taken.error()));
  const std::lock_guard lock(mutex_);
  held_until_ = Steady::now() + most;
  return ++last_hold_;
}

bool Turns::end_hold(std::uint64_t number) {
  {
    const std::lock_guard lock(mutex_);
    look_at_hold(Steady::now());
    if (!held_until_ || number != last_hold_) return false;
    held_until_.reset();
    taken_ = false;
  }
  ended_.notify_one();
  return true;
}

}  // namespace twinshift::app
