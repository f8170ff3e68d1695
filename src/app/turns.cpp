#include "app/turns.hpp"

#include "base/error.hpp"

namespace twinshift::app {
namespace {

using base::ErrorKind;

control::Reply refusal(base::Error error) {
  return {false, error.text()};
}

}  // namespace

control::Reply Turns::run(const std::function<control::Reply()>& work) {
  {
    std::unique_lock lock(mutex_);
    const bool free = ended_.wait_for(lock, stop_.get_token(), wait_max_, [this] { return !taken_; });
    if (stop_.stop_requested()) {
      return refusal({ErrorKind::cancelled, "the service is stopping", {}, "Try again when it runs: nothing was done"});
    }
    if (!free) {
      return refusal({ErrorKind::conflict,
                      "another command that changes something is still under way",
                      {},
                      "Try again when it has ended: nothing was done"});
    }
    taken_ = true;
  }
  control::Reply reply = work();
  {
    const std::lock_guard lock(mutex_);
    taken_ = false;
  }
  ended_.notify_one();
  return reply;
}

}  // namespace twinshift::app
