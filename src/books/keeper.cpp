#include "books/keeper.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "base/log.hpp"
#include "base/thread.hpp"
#include "books/target_counter.hpp"

namespace twinshift::books {
namespace {

// What the queue's side has counted, the same for every target.
struct QueueSide {
  std::map<Hour, queue::HourOfArrival> hours;
  std::uint64_t owed_elsewhere = 0;
};

void add_elsewhere(Sample& sample, std::uint64_t events) {
  sample.owed_elsewhere = std::min(kUnknownMany, sample.owed_elsewhere + events);
}

}  // namespace

struct Keeper::Impl {
  Impl(Options options_in, queue::EventQueue& queue_in, BooksFile& file_in, std::vector<TargetParts> targets_in)
      : options(options_in), queue(queue_in), file(file_in), targets(std::move(targets_in)) {}

  void run(const std::stop_token& stop);
  std::uint64_t ask();
  void count();
  base::Result<QueueSide> count_queue();
  base::Status keep_received(queue::Arrivals& arrivals);
  base::Result<Sample> sample_for(const TargetParts& target, const QueueSide& side);
  [[nodiscard]] Hour forgotten_before(const QueueSide& side) const;
  base::Status add_waived(const std::string& target, Sample& sample);
  static base::Status add_backlog(backlog::Backlog& backlog, Sample& sample);

  const Options options;
  queue::EventQueue& queue;
  BooksFile& file;
  const std::vector<TargetParts> targets;
  std::vector<std::unique_ptr<TargetCounter>> counters;
  base::log::Throttle throttle;                              // the thread's
  std::optional<std::map<Hour, std::uint64_t>> kept_before;  // arrivals of earlier processes; the thread's

  std::mutex mutex;
  std::condition_variable_any changed;
  std::uint64_t asked = 0;  // mutex
  std::uint64_t taken = 0;  // mutex: the latest order's number
  std::jthread thread;
};

Keeper::Keeper(Options options, queue::EventQueue& queue, BooksFile& file, std::vector<TargetParts> targets)
    : impl_(std::make_unique<Impl>(options, queue, file, std::move(targets))) {
  for (const TargetParts& target : impl_->targets) {
    impl_->counters.push_back(std::make_unique<TargetCounter>(target));
  }
}

Keeper::~Keeper() {
  stop(std::chrono::milliseconds(0));
}

void Keeper::start() {
  impl_->thread = base::start_thread("books", [impl = impl_.get()](const std::stop_token& stop) {
    base::yield_to_other_threads();
    impl->run(stop);
  });
}

bool Keeper::stop(std::chrono::milliseconds limit) {
  if (impl_->thread.joinable()) {
    impl_->thread.request_stop();
    impl_->thread.join();
  }
  const auto until = std::chrono::steady_clock::now() + limit;
  bool all = true;
  for (const auto& counter : impl_->counters) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    all = counter->close(std::max(left, std::chrono::milliseconds(0))) && all;
  }
  return all;
}

std::vector<TargetBooks> Keeper::books() const {
  std::vector<TargetBooks> books;
  for (std::size_t i = 0; i < impl_->targets.size(); ++i) {
    books.push_back(impl_->counters[i]->books());
    books.back().name = impl_->targets[i].name;
  }
  return books;
}

std::vector<TargetBooks> Keeper::count_now(std::chrono::milliseconds limit, Reading reading) {
  if (reading == Reading::all_hours) {
    for (const auto& counter : impl_->counters) counter->read_all_hours();
  }
  const auto until = std::chrono::steady_clock::now() + limit;
  const std::uint64_t number = impl_->ask();
  std::vector<bool> fresh;
  for (const auto& counter : impl_->counters) fresh.push_back(counter->wait_for(number, until));
  std::vector<TargetBooks> counted = books();
  for (std::size_t i = 0; i < counted.size(); ++i) counted[i].fresh = fresh[i] && counted[i].error.empty();
  return counted;
}

bool Keeper::publish_now(std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  const std::uint64_t number = impl_->ask();
  bool all = true;
  for (const auto& counter : impl_->counters) all = counter->wait_for_publication(number, until) && all;
  return all;
}

void Keeper::cancel() {
  for (const auto& counter : impl_->counters) counter->cancel_waits();
}

void Keeper::Impl::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    count();
    std::unique_lock lock(mutex);
    changed.wait_for(lock, stop, options.interval, [&] { return asked > 0; });
  }
  // What only this process has counted.
  if (auto arrivals = queue.count_arrivals(); arrivals && !arrivals->kept) (void)keep_received(*arrivals);
}

// The number that a count from now on has at least.
std::uint64_t Keeper::Impl::ask() {
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex);
    number = ++asked + taken;
  }
  changed.notify_all();
  return number;
}

void Keeper::Impl::count() {
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex);
    taken += asked + 1;
    asked = 0;
    number = taken;
  }
  // Before anything is counted: what is owed by then is counted as owed somewhere, unless it has landed since.
  const base::WallTime begun = options.clock->now();
  auto side = count_queue();
  for (std::size_t i = 0; i < targets.size(); ++i) {
    auto sample = side ? sample_for(targets[i], *side) : base::Result<Sample>(base::fail(side.error()));
    if (sample) {
      counters[i]->give({.number = number, .at = begun, .sample = std::move(*sample)});
      continue;
    }
    counters[i]->fail(number, sample.error());
    if (throttle.pass(sample.error().message, std::chrono::steady_clock::now())) {
      base::log::warn("The books cannot be counted").add("target", targets[i].name).add(sample.error());
    }
  }
}

base::Result<QueueSide> Keeper::Impl::count_queue() {
  auto arrivals = queue.count_arrivals();
  if (!arrivals) return base::fail(std::move(arrivals.error()));
  QueueSide side;
  if (!arrivals->waiting_known) {
    const queue::QueueStatus status = queue.status();
    side.owed_elsewhere = status.depth_known ? status.depth + status.dead_lettered + status.in_flight : kUnknownMany;
  }
  if (!arrivals->kept) {
    if (auto kept = keep_received(*arrivals); !kept) return base::fail(std::move(kept.error()));
  }
  for (const queue::HourOfArrival& each : arrivals->hours) side.hours[each.hour] = each;
  return side;
}

// Adds what earlier processes have counted, and stores the sum.
base::Status Keeper::Impl::keep_received(queue::Arrivals& arrivals) {
  if (!kept_before) {
    auto read = file.received();
    if (!read) return base::fail(std::move(read.error()));
    kept_before = std::move(*read);
  }
  std::map<Hour, std::uint64_t> all = *kept_before;
  for (const queue::HourOfArrival& each : arrivals.hours) all[each.hour] += each.received;
  arrivals.hours.clear();
  for (const auto& [hour, received] : all) arrivals.hours.push_back({.hour = hour, .received = received});
  return file.save_received(all);
}

// By the newest hour, too: a clock that is behind must not make hours of what the queue has forgotten judged again.
Hour Keeper::Impl::forgotten_before(const QueueSide& side) const {
  Hour newest = std::chrono::floor<std::chrono::hours>(options.clock->now());
  if (!side.hours.empty()) newest = std::max(newest, side.hours.rbegin()->first);
  return newest - kJudged;
}

base::Result<Sample> Keeper::Impl::sample_for(const TargetParts& target, const QueueSide& side) {
  Sample sample{.hours = {},
                .owed_elsewhere = side.owed_elsewhere,
                .since = file.since(),
                .judged_from = file.judged_from(),
                .forgotten_before = forgotten_before(side),
                .signed_off = 0};
  for (const auto& [hour, arrived] : side.hours) {
    Counts& counts = sample.hours[hour];
    counts.received = arrived.received;
    counts.owed = arrived.waiting;
    if (!target.is_primary) counts.waived = arrived.waived;
  }
  if (target.backlog != nullptr) {
    if (auto added = add_backlog(*target.backlog, sample); !added) return base::fail(std::move(added.error()));
  }
  if (target.quarantined_elsewhere) add_elsewhere(sample, target.quarantined_elsewhere());
  if (auto added = add_waived(target.name, sample); !added) return base::fail(std::move(added.error()));
  return sample;
}

base::Status Keeper::Impl::add_backlog(backlog::Backlog& backlog, Sample& sample) {
  auto owed = backlog.count_arrivals();
  if (!owed) return base::fail(std::move(owed.error()));
  for (const queue::HourOfArrival& each : owed->hours) sample.hours[each.hour].owed += each.waiting;
  const backlog::BacklogStatus status = backlog.status();
  if (!owed->waiting_known) {
    add_elsewhere(sample, status.owed);
  } else if (status.storage) {
    add_elsewhere(sample, status.storage->unreadable_events);
  }
  return {};
}

// What a person has given up.
base::Status Keeper::Impl::add_waived(const std::string& target, Sample& sample) {
  auto dropped = file.dropped(target);
  if (!dropped) return base::fail(std::move(dropped.error()));
  for (const auto& [hour, events] : *dropped) sample.hours[hour].waived += events;
  auto signed_off = file.signed_off(target);
  if (!signed_off) return base::fail(std::move(signed_off.error()));
  for (const auto& [hour, events] : *signed_off) {
    sample.hours[hour].waived += events;
    sample.signed_off += events;
  }
  return {};
}

}  // namespace twinshift::books
