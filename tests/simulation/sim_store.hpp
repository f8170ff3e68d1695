// One database file of a simulated disk: messages, counters and quarantine records, changed by transactions. A written
// transaction is in the operating system's cache until it is synced; a power loss keeps some of those from the front
// and takes the rest back. Leases live in memory, as in the embedded queue. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "delivery/actions.hpp"
#include "tests/simulation/plan.hpp"
#include "tests/simulation/sim_event.hpp"

namespace twinshift::simulation {

struct HourCounters {
  std::int64_t received = 0;
  std::int64_t settled = 0;
};

class SimStore {
 public:
  struct Item {
    event::EventPtr event{};
    bool synced = false;
    std::uint32_t generation = 0;
    std::uint32_t attempts = 0;
    base::SteadyTime visible_at{};
    base::SteadyTime lent_until{};  // by the true steady clock; `visible_at` is by the clock that the queue goes by
  };
  // Of the quarantine: one of an event, by its first message; each further one is told apart, as in the file.
  struct Record {
    event::EventPtr event{};
    std::vector<MessageIndex> further{};
    bool synced = false;
  };
  enum class Kind : std::uint8_t { put, erase, count_received, count_settled, count_waived, record, unrecord };
  struct Op {
    Kind kind = Kind::put;
    std::int64_t id = 0;
    MessageIndex message = 0;
    std::uint32_t target = 0;
    event::EventPtr event{};  // put, record
    Item erased{};            // what an erase took away
    Record before{};          // what a record replaced, or an unrecord took away
  };
  using Transaction = std::vector<Op>;

  SimStore(Messages& messages, bool is_queue) : messages_(messages), is_queue_(is_queue) {}

  [[nodiscard]] std::int64_t next_id() { return ++ids_; }
  void write(Transaction transaction);
  [[nodiscard]] bool unsynced() const { return !written_.empty(); }
  // What was written is durable; `lying`: it is only said to be.
  void sync(bool lying);
  // `torn_stands`: of a plant, a transaction that was cut in the middle is taken for whole.
  // Returns what had been reported as durable and is gone.
  std::vector<Op> lose_power(base::Random& random, bool torn_stands);

  // `now` by the clock that the queue goes by, `steady` by the true one: the same, but for a plant.
  std::vector<delivery::Arrival> receive(std::size_t rows_max, base::SteadyTime now, base::SteadyTime steady);
  [[nodiscard]] const Item* find(const queue::Receipt& receipt) const;
  [[nodiscard]] const Item* item(std::int64_t id) const;
  void release(const queue::Receipt& receipt, base::SteadyTime at);
  void extend(const queue::Receipt& receipt, base::SteadyTime until, base::SteadyTime steady_until);
  void reopen();  // a new process: what was lent is free again
  [[nodiscard]] std::optional<base::SteadyTime> next_visible() const;

  [[nodiscard]] std::size_t size() const { return items_.size() + records_.size(); }
  // Of every message that is there.
  [[nodiscard]] std::vector<event::EventPtr> events() const;
  // A message was lent while another loan of it still ran.
  [[nodiscard]] bool lent_twice() const { return lent_twice_; }
  [[nodiscard]] bool empty() const { return items_.empty(); }
  // A message of this event is there; one is reported as durable.
  [[nodiscard]] bool owes(std::int64_t event_key) const;
  [[nodiscard]] bool owes_durably(std::int64_t event_key) const;
  [[nodiscard]] bool is_durable(const event::Event& message) const;
  [[nodiscard]] std::int64_t copies(MessageIndex message) const;
  [[nodiscard]] const event::Event* record(std::uint32_t target, std::int64_t event_key) const;
  // The record of its event stands for this message, too.
  [[nodiscard]] bool keeps(std::uint32_t target, const event::Event& message) const;
  [[nodiscard]] bool recorded_durably(std::uint32_t target, std::int64_t event_key) const;
  // How many messages it stands for: none is there without one.
  [[nodiscard]] std::size_t record_messages(std::uint32_t target, std::int64_t event_key) const;
  // By target and event key.
  [[nodiscard]] const auto& records() const { return records_; }
  [[nodiscard]] const std::array<HourCounters, kHours>& counters() const { return counters_; }
  [[nodiscard]] std::int64_t waived(std::uint32_t target, std::size_t hour) const { return waived_[target][hour]; }

 private:
  struct Written {
    Transaction ops{};
    bool reported = false;  // as durable
  };
  void apply(Op& op);
  void undo(const Op& op);
  void count(const Op& op, std::int64_t by);
  void add_copy(const event::Event& event, int by);

  Messages& messages_;
  const bool is_queue_;
  std::map<std::int64_t, Item> items_;
  std::map<std::pair<std::uint32_t, std::int64_t>, Record> records_;
  std::array<HourCounters, kHours> counters_{};
  std::array<std::array<std::int64_t, kHours>, 4> waived_{};
  std::vector<Written> written_;
  std::vector<std::int32_t> copies_;                     // by message
  std::vector<std::vector<std::int64_t>> ids_of_event_;  // by event key
  std::int64_t ids_ = 0;
  bool lent_twice_ = false;
};

}  // namespace twinshift::simulation
