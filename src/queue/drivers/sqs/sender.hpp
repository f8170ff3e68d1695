// Puts messages into the queue: those that arrive together share a SendMessageBatch, and each is answered by its own
// entry's result. Any thread may call its functions; `done` runs on one of its threads, or at once on the caller's.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "queue/drivers/sqs/calls.hpp"
#include "queue/drivers/sqs/complaints.hpp"
#include "queue/drivers/sqs/gatherer.hpp"
#include "queue/event_queue.hpp"

namespace twinshift::queue::sqs {

struct SenderOptions {
  Caller caller = {};
  std::string queue_url = {};
  bool is_fifo = false;
  std::size_t events_per_message = 1;
  std::size_t threads = 8;
  std::chrono::milliseconds gather_max{3};
  std::size_t inbox_messages_max = 16'384;
  std::size_t inbox_bytes_max = 32'000'000;
  std::string thread_name = "sqs";
};

class Sender {
 public:
  Sender(SenderOptions options, Complaints& complaints);
  ~Sender();
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  // Errors: full, cancelled (closing), invalid (larger than the queue takes), unavailable, throttled, not_found.
  void send(const Message& message, Done done) { send(message, std::move(done), {}); }
  // `again`: makes this sending of a message differ from the one before, which a FIFO queue would drop within five
  // minutes.
  void send(const Message& message, Done done, std::string_view again);

  // The queue's MaximumMessageSize, once it is known.
  void set_message_bytes_max(std::size_t bytes) { message_bytes_max_ = bytes; }

  // Takes nothing more; sends what waits, for `limit` at most, and answers whatever is left with an error. Idempotent.
  void close(std::chrono::milliseconds limit);

 private:
  struct Entry {
    std::string text;
    std::string group;
    std::string deduplication_id;
    Done done;
    std::size_t bytes = 0;
    std::size_t unfolded_bytes = 0;  // of the event itself
  };
  // One message of the queue: one event, or a pack of them.
  struct Parcel {
    Outgoing message;
    std::vector<Done> dones;
  };

  void run();
  std::vector<Parcel> make_parcels(std::vector<Entry> entries) const;
  Parcel make_parcel(std::span<Entry> entries) const;
  void deliver(std::vector<Parcel> parcels);
  std::vector<Parcel> try_once(std::vector<Parcel> parcels, bool is_last_try);
  std::vector<Parcel> sort_results(std::vector<Parcel> parcels, const BatchAnswer& answer, bool is_last_try);
  std::vector<Parcel> take_failure(std::vector<Parcel> parcels, const aws::Failure& failure, bool is_last_try);
  void answer_success(Parcel& parcel, const std::string& our_sum, const BatchAnswer::Success& success);
  void answer_failure(Parcel& parcel, const base::Error& error);

  const SenderOptions options_;
  Complaints& complaints_;
  const std::string md5_of_attributes_;
  std::atomic<std::size_t> message_bytes_max_{kMessageBytesMax};
  Gatherer<Entry> inbox_;
  std::stop_source give_up_;
  std::mutex close_mutex_;
  std::vector<std::jthread> threads_;
};

}  // namespace twinshift::queue::sqs
