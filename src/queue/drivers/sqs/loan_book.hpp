// The messages that SQS has lent to us: those in stock, those that delivery has in hand, and how each is settled. A
// message may hold several events (a pack); it is settled when all of them are. No I/O, no clock; one thread at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "queue/drivers/sqs/calls.hpp"
#include "queue/event_queue.hpp"

namespace twinshift::queue::sqs {

// What a poll brought, read.
struct Received {
  std::string sqs_id;
  std::string handle;
  std::vector<Message> messages;  // one at least
  std::uint32_t attempt = 1;      // ApproximateReceiveCount
  base::WallTime sent_at{};
  std::size_t bytes = 0;  // of the messages' bodies
};

// What is to be done at SQS about a message that is settled, or kept for longer.
struct Settling {
  std::string handle;
  // Nothing: delete it. Else: its visibility timeout from now on.
  std::optional<std::chrono::seconds> visibility;
};

class LoanBook {
 public:
  // Receipts count from `first_key`: a random number, so that those of an earlier opening fit nothing.
  LoanBook(std::chrono::milliseconds lease, std::uint64_t first_key) : lease_(lease), next_key_(first_key) {}

  // Into the stock. A message that is here already was lent anew by SQS: its older loan is void, the newest handle
  // wins.
  void add(Received received, base::SteadyTime now);

  // Out of the stock, the oldest first; one event at least where there is one, then no more than `bytes_max`.
  std::vector<Lease> lend(std::size_t events_max, std::size_t bytes_max);

  // The event is done with. What that means for its message, where it was the last one.
  std::optional<Settling> acknowledge(const Receipt& receipt, base::SteadyTime now);
  // The event is to come again after `delay`; then its message's other events come again with it.
  std::optional<Settling> release(const Receipt& receipt, std::chrono::milliseconds delay, base::SteadyTime now);
  // Moves the message's deadline. Past kKeptMax from its receipt SQS allows no more (12 hours): it is given back.
  std::optional<Settling> extend(const Receipt& receipt, std::chrono::milliseconds duration, base::SteadyTime now);

  // Stock that has used up half of its lease: kept for another one where `keep`, else given back with a delay, so that
  // it does not come again at once. Forgets loans that ran out long ago.
  std::vector<Settling> age(base::SteadyTime now, bool keep);
  // Everything; the book is then empty.
  std::vector<Settling> give_back_all(std::chrono::seconds delay);

  [[nodiscard]] std::size_t stock_events() const { return stock_events_; }
  [[nodiscard]] std::size_t stock_bytes() const { return stock_bytes_; }
  [[nodiscard]] std::size_t messages() const { return loans_.size(); }
  // Events lent and not yet settled, of loans that have not run out.
  [[nodiscard]] std::size_t events_lent(base::SteadyTime now) const;
  [[nodiscard]] std::optional<base::WallTime> oldest_sent_at() const;

  static constexpr std::chrono::hours kKeptMax{11};
  static constexpr std::chrono::seconds kGiveBackDelay{30};

 private:
  enum class Part : std::uint8_t { stocked, lent, done, given_back };
  struct Loan {
    std::string sqs_id;
    std::string handle;
    std::vector<Message> messages;  // emptied one by one as they are lent
    std::vector<Part> parts;
    std::size_t lent_to = 0;  // parts before it have left the stock
    std::size_t parts_open = 0;
    std::uint32_t attempt = 1;
    std::chrono::milliseconds delay{0};
    bool gives_back = false;
    base::WallTime sent_at{};
    base::SteadyTime received_at{};
    base::SteadyTime deadline{};
  };
  using Loans = std::unordered_map<std::uint64_t, Loan>;

  Loan* find(const Receipt& receipt, std::size_t& part);
  std::optional<Settling> settle(std::uint64_t key, std::size_t part, Part outcome, base::SteadyTime now);
  Lease lend_part(std::uint64_t key, Loan& loan);
  Settling give_back(std::uint64_t key, std::chrono::seconds delay);
  void forget(std::uint64_t key);

  const std::chrono::milliseconds lease_;
  std::uint64_t next_key_;
  Loans loans_;
  std::unordered_map<std::string, std::uint64_t> keys_;  // by SQS' id
  std::deque<std::uint64_t> stock_;                      // may name loans that are gone
  std::size_t stock_events_ = 0;
  std::size_t stock_bytes_ = 0;
};

}  // namespace twinshift::queue::sqs
