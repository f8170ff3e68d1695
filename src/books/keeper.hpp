// Counts the books at an interval and says what they show. Everything is read beside the live path: the queue's and the
// backlogs' counters by a reading connection, each target's table by a thread and a connection of its own, so that a
// target that does not answer holds up nobody, not even the other target's books.
//
// Threads: one for the queue's side, one a target. start(), stop() and the destructor by one thread; everything else by
// any.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backlog/backlog.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "books/books_file.hpp"
#include "books/ledger.hpp"
#include "queue/event_queue.hpp"

namespace twinshift::books {

// Counts that another part reads for us: of the hours from `from` on. Called on the target's own thread alone; may take
// as long as the target's statement limit.
using ReadHours = std::function<base::Result<std::map<Hour, Counts>>(Hour from)>;

// Told what this instance has counted of a target, of all hours: received, owed, quarantined, waived. Called on the
// target's own thread before the target is asked, so that others see it though the target does not answer.
using Publish = std::function<void(const std::map<Hour, Counts>& own, base::WallTime as_of)>;

// So many events that no residual is larger.
inline constexpr std::uint64_t kUnknownMany = std::numeric_limits<std::uint64_t>::max() / 4;

struct TargetParts {
  std::string name;
  bool is_primary = false;
  backlog::Backlog* backlog = nullptr;  // outlives the Keeper
  // Landed and duplicate by hour of arrival, from the markers. It outlives the Keeper where a call hangs.
  ReadHours read_loads;
  // Of hours before this not all is known that landed, as of the last read_loads() that succeeded. May be empty.
  std::function<Hour()> judged_from{};
  // Quarantined by hour of arrival; asked for all hours.
  ReadHours read_quarantined;
  // Of a quarantine elsewhere: how many, of hours that nobody knows. May be empty. The queue side's thread.
  std::function<std::uint64_t()> quarantined_elsewhere{};
  Publish publish{};  // may be empty
  // What the other instances on a shared queue have published: received, owed, quarantined, waived. Empty where the
  // queue is ours alone. On the target's own thread.
  ReadHours read_others{};
  // How far that may lag behind: a residual that has not stood for so long is no loss yet, where there are others.
  std::chrono::milliseconds others_lag{0};
};

struct TargetBooks {
  std::string name;
  std::vector<Line> lines;  // oldest first
  Summary summary{};
  std::uint64_t missing = 0;                 // confirmed by two samples
  std::map<Hour, std::uint64_t> confirmed;   // the same, hour by hour
  std::uint64_t signed_off = 0;              // of what is waived: losses that a person has looked into
  std::uint64_t owed_elsewhere = 0;          // of hours that nobody knows; kUnknownMany: not even how many
  Hour judged_from{};                        // earlier hours are not judged
  std::optional<base::WallTime> counted_at;  // none: not yet
  std::string error;                         // why the last sample could not be counted; empty after a success
  bool fresh = true;                         // of count_now(): counted since it was asked
};

struct Options {
  std::chrono::milliseconds interval{30'000};
  const base::Clock* clock = &base::system_clock();
};

class Keeper {
 public:
  // `queue` and `file` outlive the Keeper.
  Keeper(Options options, queue::EventQueue& queue, BooksFile& file, std::vector<TargetParts> targets);
  ~Keeper();
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  void start();
  // Counts a last time what only the process knows (arrivals of a queue elsewhere). Leaves a target's thread behind
  // that does not come back within `limit`; false where there is one. Idempotent.
  bool stop(std::chrono::milliseconds limit);

  [[nodiscard]] std::vector<TargetBooks> books() const;
  // Counts anew, now: waits until each target has been counted after the call, or `limit` is over (then the books are
  // as old as counted_at says).
  // `all_hours`: also those of which nothing has changed that the queue's side could tell.
  enum class Reading : std::uint8_t { changed_hours, all_hours };
  std::vector<TargetBooks> count_now(std::chrono::milliseconds limit, Reading reading = Reading::changed_hours);
  // Counts anew and waits until each target's counts were given to TargetParts::publish, or `limit` is over: not for
  // the targets themselves. False in the latter case.
  bool publish_now(std::chrono::milliseconds limit);
  // Ends the waiting of count_now(), now and from now on.
  void cancel();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace twinshift::books
