// The ledger of messages in hand: for each one, which lane has settled it (committed or durably owed) and which has
// not. A message whose last part is settled is acknowledged, and only then. No I/O, no clock; one thread.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "delivery/actions.hpp"
#include "delivery/delivery.hpp"

namespace twinshift::delivery {

// What one lane has still to do for a message.
enum class Part : std::uint8_t {
  settled,  // committed, durably owed, or not this lane's business
  queued,   // waits for or is in a batch of the lane
  to_park,  // is to go to the lane's backlog as soon as the primary has it
  parking,  // on its way there
  refused,  // the target refuses it for good: on its way into the quarantine
};

// Names a message in hand; stale once it has been settled or given back.
struct MessageRef {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
};

struct Entry {
  Arrival arrival;
  Source source = kQueue;
  base::SteadyTime since{};  // in hand
  std::size_t bytes = 0;
  std::array<Part, kTargetsMax> parts{};
  std::uint8_t parts_open = 0;
  std::uint8_t holders_open = 0;  // of these, lanes that hold the receiver back (the primary)
  bool used = false;
  std::uint32_t generation = 0;
};

class Settlement {
 public:
  // `holders`: by lane, whether an event that the lane has not settled counts against the receiver's bound.
  explicit Settlement(std::vector<bool> holders) : holders_(std::move(holders)) {}

  // A queue's message is every lane's business; a backlog's only that lane's.
  MessageRef add(Arrival arrival, Source source, base::SteadyTime now);
  [[nodiscard]] Entry* find(MessageRef ref);

  // Between queued, to_park and parking.
  void move(Entry& entry, LaneIndex lane, Part part);
  // The lane has it for good. Frees the message and notes its receipt once it was the last part.
  void settle(MessageRef ref, LaneIndex lane);
  // Out of our hands without acknowledgement: the caller releases the receipt that is returned.
  Arrival drop(MessageRef ref);

  // Receipts of messages settled since the last call, by source, for one Acknowledge action each.
  void flush(Actions& actions);

  // visit(MessageRef, Entry&) for every message in hand; it may settle or drop that one message.
  template <class Visit>
  void for_each(Visit visit) {
    for (std::uint32_t slot = 0; slot < entries_.size(); ++slot) {
      if (entries_[slot].used) visit(MessageRef{slot, entries_[slot].generation}, entries_[slot]);
    }
  }

  // The queue's messages that stand as `queued` for this lane.
  [[nodiscard]] std::size_t queued_rows(LaneIndex lane) const { return queued_[lane].rows; }
  [[nodiscard]] std::size_t queued_bytes(LaneIndex lane) const { return queued_[lane].bytes; }
  [[nodiscard]] std::size_t in_hand() const { return in_hand_; }
  [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] std::size_t held_rows() const { return held_rows_; }
  [[nodiscard]] std::size_t held_bytes() const { return held_bytes_; }

 private:
  struct Load {
    std::size_t rows = 0;
    std::size_t bytes = 0;
  };
  void unqueue(const Entry& entry, LaneIndex lane);
  void free(Entry& entry, std::uint32_t slot);
  void unhold(const Entry& entry);

  const std::vector<bool> holders_;
  std::array<Load, kTargetsMax> queued_{};
  std::vector<Entry> entries_;  // grows to the most ever in hand, which the flow's limits bound
  std::vector<std::uint32_t> free_;
  std::vector<std::pair<Source, std::vector<queue::Receipt>>> settled_;
  std::size_t in_hand_ = 0;
  std::size_t held_rows_ = 0;
  std::size_t held_bytes_ = 0;
  std::uint64_t acknowledged_ = 0;
};

// What an event takes in memory, roughly.
std::size_t event_bytes(const event::Event& event);

}  // namespace twinshift::delivery
