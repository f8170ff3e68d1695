// What a person does with a queue and its dead-letter queue: look, and bring back what was set aside. Each function
// makes its calls on the caller's thread. Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "aws/client.hpp"
#include "base/error.hpp"
#include "queue/drivers/sqs/queue_facts.hpp"

namespace twinshift::queue {

struct SqsAdminOptions {
  std::string queue_url;
  std::shared_ptr<aws::Client> client;
  std::string subject = "queue";
  // Of look_at_sqs_queue(): for one try, and how many.
  std::chrono::milliseconds look_timeout{10'000};
  int look_tries_max = 3;
};

struct SqsOverview {
  sqs::QueueFacts queue;
  std::string dead_letter_url;                  // empty: there is none
  std::optional<sqs::QueueFacts> dead_letters;  // nothing: none, or it cannot be looked at
  std::optional<base::Error> dead_letters_error;
};
// sqs:GetQueueAttributes on both. Errors: unavailable, not_found, throttled.
base::Result<SqsOverview> look_at_sqs_queue(const SqsAdminOptions& options);

// A move of AWS's own, which goes on by itself.
struct MoveTask {
  std::string status;  // RUNNING, COMPLETED, CANCELLING, CANCELLED, FAILED
  std::uint64_t moved = 0;
  std::uint64_t to_move = 0;
  std::string failure;
};
// The latest first. sqs:ListMessageMoveTasks on the dead-letter queue.
base::Result<std::vector<MoveTask>> list_sqs_moves(const SqsAdminOptions& options);

struct Redrive {
  bool is_task = false;     // AWS moves them now, on its own; see list_sqs_moves()
  std::uint64_t moved = 0;  // by us; a pack counts as one
  std::uint64_t failed = 0;
};
// Messages of the dead-letter queue go back into the queue: by StartMessageMoveTask, else (the right is missing, or the
// service does not know it) by receiving, sending and deleting each one, in this order: none is ever in neither queue.
// `progress` after each ten. Errors: not_found (no dead-letter queue), unavailable, throttled.
base::Result<Redrive> redrive_sqs_queue(const SqsAdminOptions& options,
                                        const std::function<void(const Redrive&)>& progress = {},
                                        const std::stop_token& stop = {});

}  // namespace twinshift::queue
