// A queue that all instances share, with what Amazon SQS promises and no more: at least once, in no order, visibility
// timeouts; a message may be lent twice, come late, or come again after it was deleted. One thread.
#pragma once

#include <optional>
#include <vector>

#include "delivery/actions.hpp"
#include "tests/simulation/surroundings.hpp"

namespace twinshift::simulation {

class SimSqs {
 public:
  explicit SimSqs(Surroundings& around) : around_(around), random_(around.random.next()) {}

  void send(event::EventPtr event);
  std::vector<delivery::Arrival> receive(std::size_t rows_max);
  // The event that a receipt may delete; nothing where it is gone already.
  [[nodiscard]] event::EventPtr find(const queue::Receipt& receipt) const;
  void acknowledge(const queue::Receipt& receipt);
  void release(const queue::Receipt& receipt, base::SteadyTime at);
  void extend(const queue::Receipt& receipt, base::SteadyTime until);

  [[nodiscard]] std::optional<base::SteadyTime> next_visible() const;
  [[nodiscard]] bool empty() const { return alive_ == 0; }
  [[nodiscard]] std::int64_t copies(MessageIndex message) const;

 private:
  struct Item {
    event::EventPtr event{};
    std::uint32_t generation = 0;
    std::uint32_t attempts = 0;
    base::SteadyTime visible_at{};
    bool deleted = false;
    bool ghost = false;  // deleted, and yet to come once more
  };
  void settle_front();

  Surroundings& around_;
  base::Random random_;
  std::vector<Item> items_;           // by receipt id
  std::size_t front_ = 0;             // all before it are gone
  std::size_t alive_ = 0;             // not deleted, or to come once more
  std::vector<std::int32_t> copies_;  // by message, not deleted
};

}  // namespace twinshift::simulation
