// Checks at the act: what an instance is about to do or has just heard, against the rules of design.md. One thread.
#pragma once

#include "tests/simulation/instance.hpp"

namespace twinshift::simulation {

class Acts {
 public:
  explicit Acts(Outside& outside) : outside_(outside), around_(outside.around) {}

  // 200 (rule 1).
  void answers(MessageIndex message);
  // Rules 2 and 3: at this very moment the primary has it, and each secondary has it or owes it durably.
  void acknowledges(const Instance& instance, delivery::Source source, const std::vector<queue::Receipt>& receipts);
  // An unknown outcome is settled by its marker and by nothing else.
  void writes(Instance& instance, const delivery::WriteBatch& action);
  void hears(Instance& instance, delivery::LaneIndex lane, const SimWarehouse::Call& call);
  void hears_marker(Instance& instance, delivery::LaneIndex lane, const warehouse::Batch& batch,
                    const base::Result<std::optional<warehouse::Marker>>& found);
  // Rule 6: a refusal is believed only beside other rows that were taken.
  void quarantines(Instance& instance, delivery::LaneIndex lane, const std::vector<event::EventPtr>& events);
  // Rule 8.
  void holds(const Instance& instance);
  // Rule 5: the primary's lag while it is well.
  void primary_committed(const SimWarehouse::Call& call);

 private:
  [[nodiscard]] bool safe(const event::Event& event, std::uint32_t target, bool debt_counts) const;

  Outside& outside_;
  Surroundings& around_;
};

}  // namespace twinshift::simulation
