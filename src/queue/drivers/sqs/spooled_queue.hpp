// A queue with a spool in front of it: while the queue itself cannot be reached, messages become durable in the spool
// (an embedded queue on a disk that is kept), and are moved over later. Knows both by their promise only.
//
// Once a message has gone wrong, further ones go straight into the spool until a moved one has shown that the queue is
// well. A message that both have (an answer that came too late) is in the warehouses once all the same: `event_id`.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "queue/event_queue.hpp"

namespace twinshift::queue {

struct SpoolOptions {
  // Not durable in the queue by then: into the spool as well, and whichever is first answers. Below intake's own limit
  // (INTAKE_TIMEOUT), so that a queue that does not answer at all costs no event its 200.
  std::chrono::milliseconds patience{800};
  // Moved at once; the next ones follow when these are answered.
  std::size_t move_messages_max = 200;
  // Pauses between two looks whether the queue is well again.
  std::chrono::milliseconds retry_first{500};
  std::chrono::milliseconds retry_most{15'000};
  // How long close() goes on moving.
  std::chrono::milliseconds close_max{2'000};
  std::string thread_name = "spool";
};

// receive() and everything after it goes to `queue` alone. close() closes both.
std::unique_ptr<EventQueue> make_spooled_queue(std::unique_ptr<EventQueue> queue, std::unique_ptr<EventQueue> spool,
                                               SpoolOptions options = {});

}  // namespace twinshift::queue
