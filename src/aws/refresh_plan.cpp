#include "aws/refresh_plan.hpp"

#include <utility>

namespace twinshift::aws {

RefreshPlan::Need RefreshPlan::need(const Now& now) const {
  if (refused_ && now.steady >= forced_not_before_) return Need::now;
  if (now.steady < not_before_) return Need::none;
  if (!current_ || ends_within(kRefreshNow, now.wall)) return Need::now;
  return ends_within(kRefreshSoon, now.wall) ? Need::soon : Need::none;
}

base::Result<Credentials> RefreshPlan::best(const Now& now) const {
  // Just fetched and yet over: our clock may be wrong, and the other side will say so better than we could.
  if (current_ && (!failure_ || holds_good(now))) return *current_;
  if (failure_) return base::fail(*failure_);
  return base::fail(base::ErrorKind::internal, "Credentials asked for before any were fetched", "aws credentials");
}

bool RefreshPlan::holds_good(const Now& now) const {
  return current_ && (keeps_expired_ || !ends_within(std::chrono::minutes(0), now.wall));
}

bool RefreshPlan::got(Credentials credentials, bool keeps_expired, const Now& now) {
  current_ = std::move(credentials);
  keeps_expired_ = keeps_expired;
  refused_ = false;
  failure_.reset();
  backoff_.reset();
  not_before_ = forced_not_before_ = now.steady + kFetchEvery;
  const bool was_old = std::exchange(old_, ends_within(kRefreshNow, now.wall));
  if (old_ && keeps_expired) {
    const auto spread = std::chrono::seconds(kStaleJitterMost - kStaleJitterLeast).count();
    const auto jitter = std::chrono::seconds(random_.below(static_cast<std::uint64_t>(spread) + 1));
    not_before_ = now.steady + kStaleEvery + kStaleJitterLeast + jitter;
  }
  return old_ && !was_old;
}

bool RefreshPlan::failed(base::Error error, const Now& now) {
  const bool first = !failure_;
  failure_ = std::move(error);
  refused_ = false;
  not_before_ = forced_not_before_ = now.steady + backoff_.next(random_);
  return first;
}

void RefreshPlan::refused(const Credentials& credentials) {
  refused_ = refused_ || (current_ && current_->access_key_id == credentials.access_key_id &&
                          current_->session_token == credentials.session_token);
}

}  // namespace twinshift::aws
