// The quarantine in a queue of its own (SQS): for containers whose disk is not kept. One message a refusal; those of
// one event and target are one record. What a message looks like: docs/formats/quarantine-queue.md.
//
// A queue cannot be looked into: whoever reads borrows every message and gives it back (sweep.hpp). Two that read at
// the same time see a part each; nothing is ever deleted that was not seen whole.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <stop_token>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "quarantine/drivers/queue/sweep.hpp"
#include "quarantine/quarantine.hpp"

namespace twinshift::quarantine {

struct QueueQuarantineOptions {
  SweepLimits sweep{};
  // Calls of remove() that wait for their sweep, which they share; beyond it `full`.
  std::size_t removals_max = 64;
  // The queue is swept at the start and so often: the counts then hold what other instances did.
  std::chrono::milliseconds sweep_every{std::chrono::hours(6)};
  // After a sweep that failed or did not see all; doubles up to `sweep_every`.
  std::chrono::milliseconds sweep_again{std::chrono::minutes(1)};
  const base::Clock* clock = &base::system_clock();
};

// `queue` is for put() and stays open; `open` opens the same one for each sweep, on the quarantine's thread. Where a
// put() fails and a part was kept all the same, its repetition keeps the others; after a restart between the two such
// an event's tries count twice. status() counts what the last sweep saw and what this process kept since.
std::unique_ptr<Quarantine> open_queue_quarantine(std::unique_ptr<queue::EventQueue> queue, QueueOpener open,
                                                  QueueQuarantineOptions options = {});

struct QueueReaderOptions {
  SweepLimits sweep{};
  // Events in memory; the others are fetched by another sweep when a query comes to them, as many as fit.
  std::size_t json_bytes_max = 64'000'000;
  const base::Clock* clock = &base::system_clock();
  std::stop_token stop{};  // ends a sweep early: `cancelled`
};

// Sees the quarantine as it was at the first call. Opens the queue then, so nothing fails here.
std::unique_ptr<Reader> open_queue_quarantine_reader(QueueOpener open, QueueReaderOptions options = {});

}  // namespace twinshift::quarantine
