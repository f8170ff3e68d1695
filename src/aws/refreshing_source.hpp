// Keeps what a fetcher gave, and fetches anew in time: see refresh_plan.hpp for when.
//
// Threads: any. A caller whose credentials have ten more minutes never waits: a thread of the source's own fetches
// beside it. Else one caller fetches, and the others wait for it, at most kFetchWaitMax. No lock is held over a fetch
// or a log line.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "aws/credential_fetcher.hpp"
#include "aws/credentials.hpp"
#include "aws/refresh_plan.hpp"
#include "base/clock.hpp"

namespace twinshift::aws {

inline constexpr std::chrono::seconds kFetchWaitMax{45};

class RefreshingSource final : public CredentialSource {
 public:
  // `stop` ends a fetch under way; `wait_max` is for tests.
  RefreshingSource(std::unique_ptr<CredentialFetcher> fetcher, const base::Clock& clock, std::stop_token stop = {},
                   std::chrono::milliseconds wait_max = kFetchWaitMax);
  ~RefreshingSource() override;
  RefreshingSource(const RefreshingSource&) = delete;
  RefreshingSource& operator=(const RefreshingSource&) = delete;

  base::Result<Credentials> get() override;
  void refuse(const Credentials& credentials) override;

 private:
  using Lock = std::unique_lock<std::mutex>;

  [[nodiscard]] RefreshPlan::Now now() const { return {clock_.now(), clock_.steady()}; }
  base::Result<Credentials> fetch_first(Lock lock);
  void fetch_beside(Lock lock);
  // Whoever set fetching_ calls it, without the lock.
  void fetch();
  // Under the lock. True where tell() is due, which is not.
  bool keep(const base::Result<Credentials>& fetched);
  static void tell(const base::Result<Credentials>& fetched);

  const std::unique_ptr<CredentialFetcher> fetcher_;  // used by whoever set fetching_
  const base::Clock& clock_;
  const std::chrono::milliseconds wait_max_;
  std::stop_source ending_;
  const std::stop_callback<std::function<void()>> on_stop_;
  std::mutex mutex_;
  std::condition_variable fetched_;
  RefreshPlan plan_;       // guarded by mutex_
  bool fetching_ = false;  // guarded by mutex_
  std::jthread beside_;    // of whoever set fetching_
};

}  // namespace twinshift::aws
