#include "books/target_counter.hpp"

#include <utility>

#include "base/time_text.hpp"

namespace twinshift::books {

struct TargetCounter::Core {
  void run();
  base::Result<Sample> complete(CountOrder& begun) const;
  void show(const CountOrder& begun, const base::Result<Sample>& sample);
  void tell(const TargetBooks& shown, bool was_missing);

  ReadHours read_loads;
  ReadHours read_quarantined;
  Confirmation confirmation;     // the thread's
  base::log::Throttle throttle;  // likewise

  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  // All below: mutex.
  std::optional<CountOrder> order;
  std::uint64_t done = 0;
  bool closed = false;
  TargetBooks books;
};

TargetCounter::TargetCounter(std::string name, ReadHours read_loads, ReadHours read_quarantined)
    : core_(std::make_shared<Core>()), worker_("books-" + name, [core = core_](std::stop_token) { core->run(); }) {
  const std::lock_guard lock(core_->mutex);
  core_->read_loads = std::move(read_loads);
  core_->read_quarantined = std::move(read_quarantined);
  core_->books.name = std::move(name);
}

void TargetCounter::give(CountOrder order) {
  {
    const std::lock_guard lock(core_->mutex);
    core_->order = std::move(order);
  }
  core_->changed.notify_all();
}

void TargetCounter::fail(const base::Error& error) {
  const std::lock_guard lock(core_->mutex);
  core_->books.error = error.message;
}

TargetBooks TargetCounter::books() const {
  const std::lock_guard lock(core_->mutex);
  return core_->books;
}

bool TargetCounter::wait_for(std::uint64_t number, std::chrono::steady_clock::time_point until) const {
  std::unique_lock lock(core_->mutex);
  return core_->changed.wait_until(lock, until, [&] { return core_->done >= number; });
}

bool TargetCounter::close(std::chrono::milliseconds limit) {
  {
    const std::lock_guard lock(core_->mutex);
    core_->closed = true;
  }
  core_->changed.notify_all();
  return worker_.wait(limit);
}

void TargetCounter::Core::run() {
  for (;;) {
    std::optional<CountOrder> taken;
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return closed || order.has_value(); });
      if (closed) return;
      taken = std::exchange(order, std::nullopt);
    }
    const base::Result<Sample> sample = complete(*taken);
    show(*taken, sample);
  }
}

// Adds the target's side. In this order: an event goes from the queue to the warehouse or the quarantine.
base::Result<Sample> TargetCounter::Core::complete(CountOrder& begun) const {
  Sample sample = std::move(begun.sample);
  for (const ReadHours* read : {&read_quarantined, &read_loads}) {
    auto hours = (*read)();
    if (!hours) return base::fail(std::move(hours.error()));
    for (const auto& [hour, counts] : *hours) sample.hours[hour] += counts;
  }
  return sample;
}

void TargetCounter::Core::show(const CountOrder& begun, const base::Result<Sample>& sample) {
  TargetBooks shown;
  bool was_missing = false;
  {
    const std::lock_guard lock(mutex);
    was_missing = books.missing > 0;
    if (sample) {
      books.lines = lines_of(*sample);
      books.summary = summarize(books.lines);
      books.missing = confirmation.confirm(books.lines);
      books.counted_at = begun.at;
      books.error.clear();
    } else {
      books.error = sample.error().message;
    }
    done = begun.number;
    shown = books;
  }
  changed.notify_all();
  if (sample) tell(shown, was_missing);
}

void TargetCounter::Core::tell(const TargetBooks& shown, bool was_missing) {
  if (shown.missing > 0 && throttle.pass("missing", std::chrono::steady_clock::now())) {
    base::log::error("The books do not close: events are missing")
        .add("target", shown.name)
        .add("missing", shown.missing)
        .add("hour", shown.summary.first_missing ? base::iso8601_ms(*shown.summary.first_missing) : std::string())
        .add("hint", "`twinshift books` shows the hours; compare the two targets' tables over them");
  }
  if (shown.missing == 0 && was_missing) base::log::info("The books close again").add("target", shown.name);
}

}  // namespace twinshift::books
