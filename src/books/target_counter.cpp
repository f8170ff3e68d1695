#include "books/target_counter.hpp"

#include <algorithm>
#include <utility>

#include "base/time_text.hpp"

namespace twinshift::books {

namespace {

// At the usual interval of 30 s: each hour all hours of the last days are read.
constexpr int kCountsBetweenAll = 120;

}  // namespace

struct TargetCounter::Core {
  void run();
  base::Result<Sample> complete(CountOrder& begun);
  void forget_old(Sample& sample);
  void tell_own(const CountOrder& begun, const std::map<Hour, Counts>& own);
  base::Status add_other_instances(Sample& sample);
  Hour unsettled_since(const std::map<Hour, Counts>& others);
  [[nodiscard]] std::int64_t residual_before(Hour hour) const;
  void show(const CountOrder& begun, const base::Result<Sample>& sample);
  void tell(const TargetBooks& shown, bool was_missing);

  ReadHours read_loads;
  std::function<Hour()> judged_from;
  ReadHours read_quarantined;
  Publish publish;
  ReadHours read_others;
  std::chrono::milliseconds others_lag{0};
  // The thread's own.
  Confirmation confirmation;
  Patience patience;
  bool has_others = false;  // as of this count
  base::log::Throttle throttle;
  std::map<Hour, Counts> others_before;  // of the last count, all but landed and duplicate; empty: there was none
  std::map<Hour, Counts> loads_before;   // landed and duplicate
  int counts_since_all = 0;

  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  // All below: mutex.
  std::optional<CountOrder> order;
  std::uint64_t done = 0;
  std::uint64_t published = 0;
  bool closed = false;
  bool cancelled = false;
  bool reads_all = false;
  TargetBooks books;
};

TargetCounter::TargetCounter(const TargetParts& parts)
    : core_(std::make_shared<Core>()),
      worker_("books-" + parts.name, [core = core_](std::stop_token) { core->run(); }) {
  const std::lock_guard lock(core_->mutex);
  core_->read_loads = parts.read_loads;
  core_->judged_from = parts.judged_from;
  core_->read_quarantined = parts.read_quarantined;
  core_->publish = parts.publish;
  core_->read_others = parts.read_others;
  core_->others_lag = parts.others_lag;
  core_->books.name = parts.name;
}

void TargetCounter::give(CountOrder order) {
  {
    const std::lock_guard lock(core_->mutex);
    core_->order = std::move(order);
  }
  core_->changed.notify_all();
}

void TargetCounter::read_all_hours() {
  const std::lock_guard lock(core_->mutex);
  core_->reads_all = true;
}

void TargetCounter::fail(std::uint64_t number, const base::Error& error) {
  {
    const std::lock_guard lock(core_->mutex);
    core_->books.error = error.message;
    core_->done = std::max(core_->done, number);
  }
  core_->changed.notify_all();
}

TargetBooks TargetCounter::books() const {
  const std::lock_guard lock(core_->mutex);
  return core_->books;
}

bool TargetCounter::wait_for(std::uint64_t number, std::chrono::steady_clock::time_point until) const {
  std::unique_lock lock(core_->mutex);
  core_->changed.wait_until(lock, until, [&] { return core_->done >= number || core_->cancelled; });
  return core_->done >= number;
}

bool TargetCounter::wait_for_publication(std::uint64_t number, std::chrono::steady_clock::time_point until) const {
  std::unique_lock lock(core_->mutex);
  return core_->changed.wait_until(lock, until, [&] { return core_->published >= number; });
}

void TargetCounter::cancel_waits() {
  {
    const std::lock_guard lock(core_->mutex);
    core_->cancelled = true;
  }
  core_->changed.notify_all();
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
      if (std::exchange(reads_all, false)) counts_since_all = kCountsBetweenAll;
    }
    const base::Result<Sample> sample = complete(*taken);
    show(*taken, sample);
  }
}

// Adds the target's side. In this order: an event goes from the queue to the warehouse or the quarantine.
base::Result<Sample> TargetCounter::Core::complete(CountOrder& begun) {
  Sample sample = std::move(begun.sample);
  auto quarantined = read_quarantined(Hour{});
  if (!quarantined) return base::fail(std::move(quarantined.error()));
  for (const auto& [hour, counts] : *quarantined) sample.hours[hour] += counts;
  tell_own(begun, sample.hours);
  if (auto added = add_other_instances(sample); !added) return base::fail(std::move(added.error()));
  std::map<Hour, Counts> others = sample.hours;
  const Hour from = std::max(unsettled_since(others), sample.forgotten_before);
  auto loads = read_loads(from);
  if (!loads) {
    others_before.clear();  // read everything next time
    return base::fail(std::move(loads.error()));
  }
  loads_before.erase(loads_before.lower_bound(from), loads_before.end());
  loads_before.merge(*loads);
  for (const auto& [hour, counts] : loads_before) sample.hours[hour] += counts;
  others_before = std::move(others);
  if (judged_from) sample.judged_from = std::max(sample.judged_from, judged_from());
  forget_old(sample);
  return sample;
}

// What is still owed of an hour is shown, however old it is.
void TargetCounter::Core::forget_old(Sample& sample) {
  loads_before.erase(loads_before.begin(), loads_before.lower_bound(sample.forgotten_before));
  std::erase_if(sample.hours,
                [&](const auto& each) { return each.first < sample.forgotten_before && each.second.owed == 0; });
}

void TargetCounter::Core::tell_own(const CountOrder& begun, const std::map<Hour, Counts>& own) {
  if (publish) publish(own, begun.at);
  {
    const std::lock_guard lock(mutex);
    published = begun.number;
  }
  changed.notify_all();
}

// Before the target: what another has taken and we count then stands there or is still to be published.
base::Status TargetCounter::Core::add_other_instances(Sample& sample) {
  if (!read_others) return {};
  const Hour from = std::max(sample.since, sample.forgotten_before);
  const auto read = read_others(from);
  if (!read) return base::fail(read.error());
  has_others = !read->empty();
  // Of what landed before we began, the markers may be gone, and nobody has summed them up for us.
  for (const auto& [hour, counts] : *read) {
    if (hour >= from) sample.hours[hour] += counts;
  }
  return {};
}

// The first hour of which something may have landed since the last count: something of it is owed, or what is not
// landed has changed. Now and then all hours are read, so that a change from outside shows, too.
Hour TargetCounter::Core::unsettled_since(const std::map<Hour, Counts>& others) {
  if (others_before.empty() || ++counts_since_all >= kCountsBetweenAll) {
    counts_since_all = 0;
    return Hour{};
  }
  for (const auto& [hour, counts] : others) {
    const auto before = others_before.find(hour);
    if (counts.owed > 0 || before == others_before.end() || before->second != counts || residual_before(hour) != 0) {
      return hour;
    }
  }
  return others.empty() ? Hour{} : others.rbegin()->first;
}

std::int64_t TargetCounter::Core::residual_before(Hour hour) const {
  Counts counts = others_before.at(hour);
  if (const auto loads = loads_before.find(hour); loads != loads_before.end()) counts += loads->second;
  return counts.residual();
}

void TargetCounter::Core::show(const CountOrder& begun, const base::Result<Sample>& sample) {
  TargetBooks shown;
  bool was_missing = false;
  {
    const std::lock_guard lock(mutex);
    was_missing = books.missing > 0;
    if (sample) {
      books.lines = lines_of(*sample);
      if (has_others) patience.hold_back(books.lines, begun.at, others_lag);
      books.summary = summarize(books.lines);
      books.confirmed = confirmation.confirm(books.lines);
      books.missing = 0;
      for (const auto& [hour, events] : books.confirmed) books.missing += events;
      books.signed_off = sample->signed_off;
      books.owed_elsewhere = sample->owed_elsewhere;
      books.judged_from = sample->judged_from;
      books.counted_at = begun.at;
      books.error.clear();
    } else {
      books.error = sample.error().message;
    }
    shown = books;
  }
  if (sample) tell(shown, was_missing);
  {
    const std::lock_guard lock(mutex);
    done = std::max(done, begun.number);
  }
  changed.notify_all();
}

void TargetCounter::Core::tell(const TargetBooks& shown, bool was_missing) {
  if (shown.missing > 0 && throttle.pass("missing", std::chrono::steady_clock::now())) {
    base::log::error("The books do not close: events are missing")
        .add("target", shown.name)
        .add("missing", shown.missing)
        .add("hour", shown.summary.first_missing ? base::iso8601_ms(*shown.summary.first_missing) : std::string())
        .add("hint",
             "`twinshift books` shows the hours; compare the two targets' tables over them. A loss that you have "
             "looked into: `twinshift books waive`");
  }
  if (shown.missing == 0 && was_missing) base::log::info("The books close again").add("target", shown.name);
}

}  // namespace twinshift::books
