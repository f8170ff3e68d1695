#include "app/kept_readers.hpp"

#include <utility>

#include "app/driver_table.hpp"
#include "base/thread.hpp"

namespace twinshift::app {
namespace {

std::string other_than(const std::string& target) {
  return target == "primary" ? "secondary" : "primary";
}

}  // namespace

base::Result<Readers> open_readers(const config::Settings& settings, const std::string& target) {
  Readers readers;
  for (auto* side : {&readers.here, &readers.elsewhere, &readers.elsewhere_too}) {
    const std::string name = side == &readers.here ? target : other_than(target);
    auto opened = open_for_reading(settings, name);
    if (!opened) return base::fail(std::move(opened.error()));
    *side = proof::make_side(name, std::move(*opened));
  }
  return readers;
}

KeptReaders::~KeptReaders() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

base::Result<KeptReaders::Loan> KeptReaders::take(const config::Settings& settings, const std::string& target) {
  const std::lock_guard lock(mutex_);
  if (target_ != target) {
    auto opened = open_readers(settings, target);
    if (!opened) return base::fail(std::move(opened.error()));
    readers_ = std::move(*opened);
    read_at_once_ = 0;
    target_ = target;
  }
  spoilt_ = false;
  lent_ = true;
  if (!thread_.joinable()) {
    thread_ = base::start_thread("readers", [this](const std::stop_token& stop) { close_when_idle(stop); });
  }
  return Loan(*this);
}

bool KeptReaders::keeps_any() {
  const std::lock_guard lock(mutex_);
  return !target_.empty();
}

void KeptReaders::give_back() {
  const std::lock_guard lock(mutex_);
  lent_ = false;
  returned_ = std::chrono::steady_clock::now();
  if (spoilt_) {
    readers_ = {};
    target_.clear();
  }
  changed_.notify_all();
}

void KeptReaders::close_when_idle(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    if (lent_ || target_.empty()) {
      changed_.wait(lock, stop, [this] { return !lent_ && !target_.empty(); });
      continue;
    }
    const auto until = returned_ + idle_max_;
    changed_.wait_until(lock, stop, until, [this] { return lent_; });
    if (lent_ || std::chrono::steady_clock::now() < until) continue;
    readers_ = {};
    target_.clear();
  }
}

}  // namespace twinshift::app
