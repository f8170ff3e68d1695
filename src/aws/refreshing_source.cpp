#include "aws/refreshing_source.hpp"

#include <utility>

#include "base/ids.hpp"
#include "base/log.hpp"
#include "base/thread.hpp"
#include "base/time_text.hpp"

namespace twinshift::aws {

RefreshingSource::RefreshingSource(std::unique_ptr<CredentialFetcher> fetcher, const base::Clock& clock,
                                   std::stop_token stop, std::chrono::milliseconds wait_max)
    : fetcher_(std::move(fetcher)),
      clock_(clock),
      wait_max_(wait_max),
      on_stop_(std::move(stop), [this] { ending_.request_stop(); }),
      plan_(base::random_seed()) {}

RefreshingSource::~RefreshingSource() {
  ending_.request_stop();
}

base::Result<Credentials> RefreshingSource::get() {
  Lock lock(mutex_);
  switch (plan_.need(now())) {
    case RefreshPlan::Need::none:
      break;
    case RefreshPlan::Need::now:
      return fetch_first(std::move(lock));
    case RefreshPlan::Need::soon: {
      auto present = plan_.best(now());
      if (!fetching_) fetch_beside(std::move(lock));
      return present;
    }
  }
  return plan_.best(now());
}

void RefreshingSource::refuse(const Credentials& credentials) {
  const Lock lock(mutex_);
  plan_.refused(credentials);
}

base::Result<Credentials> RefreshingSource::fetch_first(Lock lock) {
  if (!fetching_) {
    fetching_ = true;
    lock.unlock();
    fetch();
    lock.lock();
    return plan_.best(now());
  }
  const bool ended = fetched_.wait_for(lock, wait_max_, [this] { return !fetching_; });
  if (ended || plan_.holds_good(now())) return plan_.best(now());
  return base::fail(base::ErrorKind::unavailable,
                    "AWS credentials are still being fetched after " +
                        std::to_string(std::chrono::duration_cast<std::chrono::seconds>(wait_max_).count()) + " s",
                    "aws credentials", "It goes on; look at whether their source answers");
}

void RefreshingSource::fetch_beside(Lock lock) {
  fetching_ = true;
  lock.unlock();
  // The thread before has cleared fetching_ as its last act, so that joining it costs nothing.
  beside_ = base::start_thread("credentials", [this](const std::stop_token&) { fetch(); });
}

void RefreshingSource::fetch() {
  const auto fetched = fetcher_->fetch(ending_.get_token());
  bool news = false;
  {
    const Lock lock(mutex_);
    news = keep(fetched);
    fetching_ = false;
  }
  fetched_.notify_all();
  if (news) tell(fetched);
}

bool RefreshingSource::keep(const base::Result<Credentials>& fetched) {
  if (fetched) return plan_.got(*fetched, fetcher_->keeps_expired(), now());
  const bool stopped = fetched.error().kind == base::ErrorKind::cancelled;
  return plan_.failed(fetched.error(), now()) && !stopped && plan_.holds_good(now());
}

void RefreshingSource::tell(const base::Result<Credentials>& fetched) {
  if (!fetched) {
    base::log::warn("AWS credentials were not renewed; the present ones are used on").add(fetched.error());
    return;
  }
  base::log::warn("AWS credentials are old already; they are used on")
      .add("source", fetched->source)
      .add("expiresAt", base::iso8601_ms(fetched->expires_at.value_or(base::WallTime{})))
      .add("hint", "Their source may be in trouble, or this machine's clock is fast");
}

}  // namespace twinshift::aws
