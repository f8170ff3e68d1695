// A queue in Amazon SQS, standard or FIFO. What a message looks like: docs/formats/queue-sqs.md.
//
// At least once, in no certain order, and with the attempts that SQS counts (across restarts, and all readers
// together).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "aws/client.hpp"
#include "base/error.hpp"
#include "queue/event_queue.hpp"

namespace twinshift::queue {

struct SqsQueueOptions {
  std::string queue_url = {};
  std::shared_ptr<aws::Client> client = nullptr;  // of SQS
  // For tests: instead of `client`.
  std::function<aws::Outcome<aws::Answer>(const aws::Call&)> caller = nullptr;
  std::string subject = "queue";  // for people: "queue", "backlog of secondary"
  // The visibility timeout that a receive asks for; extend() moves it. Whole seconds, rounded up.
  std::chrono::milliseconds lease_timeout{60'000};

  // A SendMessageBatch leaves when it is full (10 entries, 1 MiB), when its first entry has waited this long, or at
  // once where no other is under way.
  std::chrono::milliseconds gather_max{5};
  std::size_t send_threads = 8;    // calls in flight
  std::size_t settle_threads = 4;  // deletes in flight; half as many releases and extensions
  // Messages and bytes that wait to be sent or are on their way; beyond it `full`.
  std::size_t inbox_messages_max = 16'384;
  std::size_t inbox_bytes_max = 32'000'000;
  // Several events in one message save calls (SQS_EVENTS_PER_MESSAGE); 1: the predecessor's envelope.
  std::size_t events_per_message = 1;

  std::size_t poll_threads = 4;             // polls at once, at most
  std::size_t poll_messages_max = 10;       // SQS_MAX_MESSAGES
  std::chrono::seconds poll_wait{20};       // SQS_WAIT_TIME_SECONDS
  std::chrono::milliseconds poll_pause{0};  // SQS_POLLING_INTERVAL: after an empty short poll (poll_wait 0) only
  // Received and not yet taken by receive(): no poll starts beyond either.
  std::size_t stock_events_max = 2'000;
  std::size_t stock_bytes_max = 32'000'000;
  // In flight, beyond which nothing more is received: at 120,000 a long poll is silently empty (SQS developer guide).
  std::size_t lent_max = 100'000;

  // A message that is older (SentTimestamp) is sent again and the old one deleted, also while nobody receives: for
  // queues that keep debts longer than SQS does. Half of the queue's retention is a good value. 0: off.
  std::chrono::seconds renew_after{0};
  std::chrono::milliseconds renew_first_after{std::chrono::minutes(5)};  // the first look at their ages
  // Whether the queue should have a DLQ: a warning where that is not so. False for what is received again and again and
  // given back (the quarantine).
  bool wants_dead_letters = true;
  // How often status() gets new counts of SQS.
  std::chrono::milliseconds status_every{10'000};
  // How long close() may take to send what waits, and again to give back what is lent.
  std::chrono::milliseconds close_max{8'000};
  std::string thread_name = "sqs";  // Linux shows 15 characters, of which ours take 7
};

// Reads the queue's attributes and its DLQ's, and warns where they do not fit; a queue that cannot be reached now is no
// error (it may come), one that does not exist or is not ours to use is said and tried again. Waits for that reading
// for 0.3 s at most; a later answer is read, and warned of, in the background. Errors: invalid.
base::Result<std::unique_ptr<EventQueue>> open_sqs_queue(SqsQueueOptions options);

}  // namespace twinshift::queue
