#include "backlog/drivers/segments/refiller.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "backlog/owed_body.hpp"
#include "base/clock.hpp"
#include "base/failpoint.hpp"
#include "base/log.hpp"
#include "base/thread.hpp"

namespace twinshift::backlog::segments {
namespace {

using namespace std::chrono_literals;

// Blocks under way and done, and the bodies that wait to be lent.
constexpr std::size_t kJobsMax = 16;
constexpr std::size_t kBytesMax = 32'000'000;
constexpr std::size_t kIdsShownMax = 5;
// After the primary could not be asked.
constexpr auto kPause = 2s;
constexpr auto kCloseWait = 1s;

event::IdentityMode mode_of(std::uint32_t id_version) {
  return id_version == event::kIdentityMinted ? event::IdentityMode::message : event::IdentityMode::content;
}

// What the primary told must be this very event.
bool verified(const std::string& json, const Slot& slot, std::uint32_t id_version) {
  const auto event = event::decode_event(json, slot.message_id, slot.received_at, mode_of(id_version));
  return event && (*event)->id == slot.id;
}

std::size_t bytes_of(const RefillJob& job) {
  std::size_t bytes = 0;
  for (const RefillJob::Event& each : job.events) bytes += each.slot.json.size();
  return bytes;
}

std::string shown(const std::vector<std::string>& ids) {
  std::string text;
  for (std::size_t i = 0; i < std::min(ids.size(), kIdsShownMax); ++i) text += (i == 0 ? "" : " ") + ids[i];
  return text;
}

}  // namespace

struct Refiller::Core {
  Core(Refill refill_in, std::string target_in, Listener listener_in)
      : refill(std::move(refill_in)), target(std::move(target_in)), listener(std::move(listener_in)) {}

  void run();
  bool carry_out(RefillJob& job);
  void fill_in(RefillJob& job, std::vector<Told> told);
  void complain(base::log::Throttle& throttle, std::string_view message, const std::vector<std::string>& ids);
  [[nodiscard]] bool room() const { return todo.size() + done.size() + busy < kJobsMax && done_bytes < kBytesMax; }

  const Refill refill;
  const std::string target;
  const Listener listener;
  base::log::Throttle missing_throttle;
  base::log::Throttle wrong_throttle;
  base::log::Throttle error_throttle;

  std::mutex mutex;
  std::condition_variable changed;
  // All below: mutex.
  std::deque<RefillJob> todo;
  std::deque<RefillJob> done;
  std::set<std::int64_t> held;
  std::size_t busy = 0;
  std::size_t done_bytes = 0;
  std::optional<base::Error> trouble;
  bool closed = false;
  bool ended = false;
  bool left_behind = false;
};

void Refiller::Core::run() {
  std::unique_lock lock(mutex);
  for (;;) {
    changed.wait(lock, [&] { return closed || !todo.empty(); });
    if (closed) break;
    RefillJob job = std::move(todo.front());
    todo.pop_front();
    busy = 1;
    lock.unlock();
    const bool answered = carry_out(job);
    lock.lock();
    busy = 0;
    if (closed) break;  // nobody listens any more
    done_bytes += bytes_of(job);
    done.push_back(std::move(job));
    lock.unlock();
    listener.changed();
    lock.lock();
    if (!answered) changed.wait_for(lock, kPause, [&] { return closed; });
  }
  ended = true;
  lock.unlock();
  changed.notify_all();
}

// False where the primary could not be asked.
bool Refiller::Core::carry_out(RefillJob& job) {
  std::vector<Wanted> wanted;
  wanted.reserve(job.events.size());
  for (const RefillJob::Event& each : job.events) wanted.push_back({each.slot.id, each.slot.event_at});
  base::failpoint(base::Failpoint::backlog_refill_before);
  auto told = refill(wanted);
  if (told && told->size() != wanted.size()) {
    told = base::fail(base::ErrorKind::internal, "the primary's answer has another number of events", target);
  }
  if (!told) {
    if (const auto count = error_throttle.pass(told.error().message, std::chrono::steady_clock::now())) {
      base::log::warn("Events that are owed by id alone cannot be read from the primary now")
          .add("target", target)
          .add("count", *count)
          .add(told.error());
    }
    const std::lock_guard lock(mutex);
    trouble = std::move(told.error());
    return false;
  }
  fill_in(job, std::move(*told));
  base::failpoint(base::Failpoint::backlog_refill_after);
  bool again = false;
  {
    const std::lock_guard lock(mutex);
    again = std::exchange(trouble, std::nullopt).has_value() && !closed;
  }
  if (again) listener.recovered();
  return true;
}

void Refiller::Core::fill_in(RefillJob& job, std::vector<Told> told) {
  std::vector<std::string> missing;
  std::vector<std::string> wrong;
  for (std::size_t i = 0; i < told.size(); ++i) {
    Slot& slot = job.events[i].slot;
    if (told[i].erased) {
      slot.json = erased_body(slot.id, slot.event_at);
      slot.state = Slot::State::whole;
    } else if (!told[i].json) {
      missing.push_back(slot.id.hex());
    } else if (!verified(*told[i].json, slot, job.id_version)) {
      wrong.push_back(slot.id.hex());
    } else {
      slot.json = std::move(*told[i].json);
      slot.state = Slot::State::whole;
    }
  }
  complain(missing_throttle, "The primary does not hold events that are owed by id alone: they stay owed", missing);
  complain(wrong_throttle, "The primary tells another event under an id that is owed: it stays owed", wrong);
}

void Refiller::Core::complain(base::log::Throttle& throttle, std::string_view message,
                              const std::vector<std::string>& ids) {
  if (ids.empty()) return;
  const auto count = throttle.pass(ids.front(), std::chrono::steady_clock::now());
  if (!count) return;
  base::log::warn(message)
      .add("target", target)
      .add("events", static_cast<std::uint64_t>(ids.size()))
      .add("eventIds", shown(ids));
}

Refiller::Refiller(Refill refill, std::string target, std::string thread_name, Listener listener)
    : core_(std::make_shared<Core>(std::move(refill), std::move(target), std::move(listener))) {
  std::thread([core = core_, name = std::move(thread_name)] {
    base::name_this_thread(name);
    core->run();
  }).detach();
}

Refiller::~Refiller() {
  close();
}

bool Refiller::has_room() const {
  const std::lock_guard lock(core_->mutex);
  return core_->room();
}

bool Refiller::holds(std::int64_t block) const {
  const std::lock_guard lock(core_->mutex);
  return core_->held.contains(block);
}

void Refiller::request(RefillJob job) {
  {
    const std::lock_guard lock(core_->mutex);
    core_->held.insert(job.block);
    core_->todo.push_back(std::move(job));
  }
  core_->changed.notify_all();
}

std::optional<RefillJob> Refiller::take() {
  const std::lock_guard lock(core_->mutex);
  if (core_->done.empty()) return std::nullopt;
  RefillJob job = std::move(core_->done.front());
  core_->done.pop_front();
  core_->done_bytes -= bytes_of(job);
  core_->held.erase(job.block);
  return job;
}

std::optional<base::Error> Refiller::trouble() const {
  const std::lock_guard lock(core_->mutex);
  return core_->trouble;
}

void Refiller::close() {
  std::unique_lock lock(core_->mutex);
  core_->closed = true;
  core_->changed.notify_all();
  if (core_->left_behind) return;
  if (!core_->changed.wait_for(lock, kCloseWait, [&] { return core_->ended; })) {
    core_->left_behind = true;
    base::log::warn("A question to the primary has not come back; it is left behind").add("target", core_->target);
  }
}

bool Refiller::left_thread_behind() const {
  const std::lock_guard lock(core_->mutex);
  return core_->left_behind;
}

}  // namespace twinshift::backlog::segments
