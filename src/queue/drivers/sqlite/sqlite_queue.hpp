// The embedded queue: one SQLite file, one thread that writes and checkpoints it, leases in memory.
// The file's format: docs/formats/queue-sqlite.md. Why leases are not stored: docs/decisions/0004-leases-in-memory.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "queue/event_queue.hpp"

namespace twinshift::queue {

struct SqliteQueueOptions {
  std::string path;
  // Taken when the file is created; an existing file keeps its own. 512 to 65,536, a power of two.
  std::uint32_t page_bytes = 8192;
  std::chrono::milliseconds lease_timeout{120'000};
  // The write-ahead log never grows much beyond this (one transaction may pass it).
  std::uint64_t wal_bytes_max = 64'000'000;
  // The log is copied into the file once it has grown by this much: small steps keep a commit's wait short.
  std::uint64_t checkpoint_bytes = 8'000'000;
  // Messages that wait for a commit; beyond it `full`.
  std::size_t inbox_messages_max = 16'384;
  std::size_t inbox_bytes_max = 32'000'000;
  // Messages in the queue; beyond it `full`. 0: no bound but the disk's.
  std::uint64_t messages_max = 0;
  // While less than this is free on the disk, enqueue answers `full`; settling goes on in it. 0 (a backlog): no
  // reserve.
  std::uint64_t disk_reserve_bytes = 512'000'000;
  // Committed messages that are kept in memory to be lent without reading the file.
  std::size_t cache_messages_max = 4096;
  std::size_t cache_bytes_max = 8'000'000;
  // Messages lent, given back or being deleted: each takes some 150 bytes. At this bound receive() finds none.
  std::size_t lent_max = 100'000;
  // A target is switched off (`SECONDARY_REDSHIFT_ENABLED=false`): what is settled meanwhile counts as waived for it.
  bool waives = false;
  // The thread's name; Linux shows 15 characters.
  std::string thread_name = "queue";
  const base::Clock* clock = &base::system_clock();
};

// Creates the file where there is none, takes over an older format. Errors: conflict (a newer format, or not one of our
// files), corrupt, unavailable, full.
base::Result<std::unique_ptr<EventQueue>> open_sqlite_queue(SqliteQueueOptions options);

}  // namespace twinshift::queue
