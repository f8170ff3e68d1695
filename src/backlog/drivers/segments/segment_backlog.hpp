// A backlog in segments of an append-only log: a folder of files `00000001.seg`, and `settled.log` beside them. One
// thread writes: what waits when a write ends shares the next block, durable (fdatasync) before `done`. Events are read
// back in order, in large pieces. Over its budget it keeps ids alone and reads the bodies from the primary again.
// docs/formats/backlog.md
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "backlog/backlog.hpp"
#include "backlog/refill.hpp"
#include "base/clock.hpp"

namespace twinshift::backlog {

struct SegmentBacklogOptions {
  std::string target;
  std::string folder;  // made (0700) where there is none; its parent must be there. Locked by whoever owns the parent
  // A lease that is not settled or extended by then may be lent again.
  std::chrono::milliseconds lease_timeout{60'000};
  // What the files may take with bodies in them; beyond it events are kept by their ids alone.
  std::uint64_t bytes_max = 24'000'000'000;
  // The same while less than this is free on the disk: what intake keeps free, and the queue's share above it.
  std::uint64_t disk_free_min = 0;
  // A segment is closed at this size and deleted when all its events are settled.
  std::uint64_t segment_bytes_max = 64'000'000;
  // Events that wait to be written; beyond it `full`.
  std::size_t inbox_events_max = 16'384;
  std::size_t inbox_bytes_max = 64'000'000;
  // How far apart blocks begin under load: larger ones pack better.
  std::chrono::milliseconds gather{100};
  // Events lent, given back or being deleted. At this bound receive() finds none.
  std::size_t lent_max = 100'000;
  // Without it bodies are kept whatever the budget says, until that is used up: then park() answers `full`.
  Refill refill;
  // Linux shows 15 characters.
  std::string thread_name = "owed";
  const base::Clock* clock = &base::system_clock();
};

// Reads what the folder holds: headers, not bodies. A torn tail is cut off; a damaged file is named in the log and the
// rest of it served. Errors: conflict (a newer format), unavailable, full.
base::Result<std::unique_ptr<Backlog>> open_segment_backlog(const SegmentBacklogOptions& options);

// For whoever only counts: status() and count_arrivals() of the moment it was opened. No file is changed, so a command
// may be run by another user than the service's. Nothing can be parked or received.
base::Result<std::unique_ptr<Backlog>> read_segment_backlog(const SegmentBacklogOptions& options);

}  // namespace twinshift::backlog
