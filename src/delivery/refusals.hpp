// What one lane knows of events that its target refuses for good. A refusal is believed only beside proof that the
// table takes other rows: one inserted together with it, or since it was refused before. Until then it may be the
// table. No I/O, no clock; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "delivery/settlement.hpp"
#include "event/event.hpp"
#include "quarantine/quarantine.hpp"

namespace twinshift::delivery {

class Refusals {
 public:
  // Events remembered as refused before; the oldest is forgotten, and at worst refused once more.
  static constexpr std::size_t kRememberedMax = 4'096;

  void rows_inserted(std::uint64_t rows) { inserted_ += rows; }
  // Rows inserted so far: has it grown since, other rows were taken.
  [[nodiscard]] std::uint64_t inserted() const { return inserted_; }

  [[nodiscard]] bool remembers_any() const { return !remembered_.empty(); }
  [[nodiscard]] bool knows(const event::EventId& id) const { return remembered_.contains(id); }
  // It was refused before, and other rows have been inserted since.
  [[nodiscard]] bool proven(const event::EventId& id) const;
  // How often it was refused before, since it was last forgotten.
  [[nodiscard]] std::uint32_t tries(const event::EventId& id) const;
  void remember(const event::EventId& id);
  // It is in the quarantine now, its tries with it. Another message of it will be refused as well, which is no news.
  void recorded(const event::EventId& id);
  void forget(const event::EventId& id) { remembered_.erase(id); }

  // A group on its way into the quarantine; its number.
  struct Group {
    std::vector<MessageRef> refs{};  // by the order of `events`
    std::vector<quarantine::Refused> events{};
  };
  // From now on a refusal of these events is no news, however long the quarantine takes.
  std::uint64_t sent(Group group);
  // The group's answer: what it held, empty for an unknown number.
  Group answered(std::uint64_t group);

 private:
  std::uint64_t inserted_ = 0;
  struct Refusal {
    std::uint64_t inserted = 0;  // rows until the last refusal
    std::uint32_t tries = 0;
  };
  Refusal& note(const event::EventId& id);

  std::map<event::EventId, Refusal> remembered_;
  std::deque<event::EventId> order_;       // of remembering; may name what is forgotten by now
  std::map<std::uint64_t, Group> groups_;  // bounded by what a RejectGuard believes
  std::uint64_t groups_sent_ = 0;
};

}  // namespace twinshift::delivery
