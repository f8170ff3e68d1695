#include "delivery/housekeeping.hpp"

#include <algorithm>

#include "base/failpoint.hpp"

namespace twinshift::delivery {
namespace {

using namespace std::chrono_literals;

// A step a second takes away more than the fastest lane writes.
constexpr auto kBetweenSteps = 1'000ms;
constexpr auto kAfterFailure = 3'600'000ms;
constexpr auto kNothingToDo = 3'600'000ms;

}  // namespace

std::chrono::milliseconds Housekeeping::wait(std::chrono::steady_clock::time_point now) const {
  // What was asked for while the thread waits is begun after its next call.
  if (before_.load() <= done_) return kNothingToDo;
  return std::max(std::chrono::ceil<std::chrono::milliseconds>(next_ - now), 1ms);
}

void Housekeeping::step(warehouse::Warehouse& warehouse, std::chrono::steady_clock::time_point now) {
  const std::int64_t before = before_.load();
  if (before <= done_ || now < next_) return;
  next_ = now + kBetweenSteps;
  base::failpoint(base::Failpoint::delivery_prune_before);
  const auto removed = warehouse.prune(base::WallTime(std::chrono::microseconds(before)));
  if (!removed) {
    next_ = now + kAfterFailure;
    if (throttle_.pass(removed.error().message, now)) {
      base::log::warn("Old load markers cannot be removed").add("target", target_).add(removed.error());
    }
    return;
  }
  if (*removed == 0) done_ = before;
}

}  // namespace twinshift::delivery
