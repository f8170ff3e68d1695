// What stands where: for each message and target, and in the books. Looks at everything and changes nothing.
// One thread.
#pragma once

#include <array>
#include <string>

#include "tests/simulation/instance.hpp"

namespace twinshift::simulation {

// Where one message stands for one target.
struct Standing {
  std::int64_t landed = 0;       // how often its row was inserted: twice where somebody had taken it away
  bool duplicate = false;        // the row is another message's, and twinshift_duplicates says so
  std::int64_t quarantined = 0;  // quarantines (each instance has its own) whose record stands for this message
  std::int64_t waived = 0;
  std::int64_t owed = 0;  // copies in the queue and in the target's backlogs

  [[nodiscard]] std::int64_t sum() const { return landed + std::int64_t{duplicate} + quarantined + waived + owed; }
};

// Faults of the books' own design that the runs met, and whatever a disk that lies took away.
struct Excuses {
  std::uint64_t overlapping = 0;   // waived or in the quarantine, and landed as well
  std::uint64_t lost_by_lies = 0;  // messages and debts
  std::uint64_t by_hand = 0;       // rows that somebody has touched
};

class Books {
 public:
  explicit Books(Outside& outside) : outside_(outside), around_(outside.around) {}

  // At any moment: nothing that was answered or counted is nowhere (rule 1), and the counters tell the truth.
  void check_now();
  // At the end, when nothing is owed: the books close (rule 9), each event stands as it was sent (rules 4, 7).
  void check_end();
  [[nodiscard]] const Excuses& excuses() const { return excuses_; }

 private:
  using Hours = std::array<std::int64_t, kHours>;
  [[nodiscard]] Standing standing(const SimMessage& message, std::uint32_t target) const;
  void check_message(const SimMessage& message);
  [[nodiscard]] bool is_somewhere(const SimMessage& message, std::uint32_t target) const;
  // Of one instance, or of all where they share a queue.
  void check_books(std::uint32_t scope, std::uint32_t target, bool at_end);
  [[nodiscard]] Hours residuals(std::uint32_t scope, std::uint32_t target) const;
  void add_instance(const Instance& instance, std::uint32_t target, Hours& residuals) const;
  std::int64_t excused(const SimMessage& message, const Standing& standing, std::uint32_t target);
  void check_once(const SimMessage& message, const Standing& stands, std::uint32_t target, std::int64_t excuse);
  void check_row(const SimMessage& message, std::uint32_t target);

  Outside& outside_;
  Surroundings& around_;
  Excuses excuses_{};
};

}  // namespace twinshift::simulation
