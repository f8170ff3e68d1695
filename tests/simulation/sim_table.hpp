// The rows of a simulated target by event, as they stand: once as a rule, but somebody may have taken, doubled or
// changed them behind the service's back. It remembers that, so that whoever compares tables is believed just that. One
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tests/simulation/surroundings.hpp"

namespace twinshift::simulation {

// What somebody has done to one row.
enum class Spoil : std::uint8_t {
  none,
  text,  // it tells another event
  key,   // its event_key is wrong
  time,  // its event_at is
};
inline constexpr std::chrono::hours kMovedBy{3};

struct Row {
  int copies = 0;
  // The message that was inserted; stays when the row is taken, or erased.
  event::EventPtr event{};
  std::vector<Spoil> spoils{};  // by copy; empty where none was changed
  bool spoilt = false;          // by hand, and not put right
  bool ever_spoilt = false;
  bool taken = false;  // by hand: where it does not stand nobody of ours is to blame
  base::SteadyTime sound_since{};
  bool erased = false;                          // noted in twinshift_erased
  bool removed = false;                         // by an erasure
  std::vector<MessageIndex> erased_messages{};  // whose rows went

  [[nodiscard]] Spoil spoil(int copy) const {
    return spoils.empty() ? Spoil::none : spoils[static_cast<std::size_t>(copy)];
  }
  [[nodiscard]] bool stands_at_its_time() const;
  [[nodiscard]] bool sound() const { return erased ? copies == 0 : copies == 1 && spoils.empty(); }
};

class SimTable {
 public:
  // `unique`: the database keeps ids unique, so a row is found wherever it was moved, and none can be doubled.
  SimTable(Surroundings& around, bool unique) : around_(around), unique_(unique) {}

  [[nodiscard]] bool unique() const { return unique_; }
  [[nodiscard]] std::size_t events() const { return rows_.size(); }
  Row& row_of(std::int64_t number);
  [[nodiscard]] const Row& row(std::int64_t number) const;
  [[nodiscard]] bool has(std::int64_t number) const { return row(number).copies > 0; }
  // As a batch's look-up sees it.
  [[nodiscard]] bool finds(std::int64_t number) const;
  // It has it for good, had it until somebody took it, or is not to have it any more.
  [[nodiscard]] bool settled(std::int64_t number) const;

  // One more row; false where one stood there already that a look-up should have found.
  bool insert(std::int64_t number, const event::EventPtr& event);
  // Rows at this event_at; how many went.
  int remove(std::int64_t number, base::WallTime event_at);
  // Notes it, and removes its rows; how many went. `notes`: of a plant.
  int erase(std::int64_t number, bool notes);
  // The event_at that a copy of it says.
  [[nodiscard]] base::WallTime event_at(std::int64_t number, int copy) const;

  // By hand.
  void take(std::int64_t number);
  void copy(std::int64_t number, int times);
  void change(std::int64_t number, Spoil spoil);

 private:
  void drop(Row& row, int copy);
  void spoil_now(Row& row);
  void look_at(Row& row);

  Surroundings& around_;
  const bool unique_;
  std::vector<Row> rows_;  // by event number
};

}  // namespace twinshift::simulation
