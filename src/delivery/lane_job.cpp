#include "delivery/lane_job.hpp"

#include <utility>

namespace twinshift::delivery {
namespace {

using base::ErrorKind;

base::Error not_begun(const std::string& target, bool stopping) {
  if (stopping) return {ErrorKind::cancelled, "the service is stopping: nothing was done", target, "Try again later"};
  return {ErrorKind::unavailable, "the target's lane did not come to it: nothing was done", target,
          "Its last call hangs or takes long; try again when the target answers"};
}

base::Error not_ended(const std::string& target) {
  return {ErrorKind::unknown_outcome, "the target has not answered, and it may still be done", target,
          "Run the command again: what was done is not done twice"};
}

}  // namespace

base::Status JobSlip::wait(const std::string& target, std::stop_token stop, std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  const bool ended = ended_.wait_for(lock, stop, limit, [this] { return state_ == State::ended; });
  if (ended) return std::move(result_);
  if (state_ == State::running) return base::fail(not_ended(target));
  state_ = State::withdrawn;
  return base::fail(not_begun(target, stop.stop_requested()));
}

bool JobSlip::begin() {
  const std::lock_guard lock(mutex_);
  if (state_ == State::withdrawn) return false;
  state_ = State::running;
  return true;
}

void JobSlip::end(base::Status result) {
  {
    const std::lock_guard lock(mutex_);
    result_ = std::move(result);
    state_ = State::ended;
  }
  ended_.notify_all();
}

}  // namespace twinshift::delivery
