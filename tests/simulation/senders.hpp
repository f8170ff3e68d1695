// Who sends events to us, as AppsFlyer does: whatever is not answered 200 is sent again after a while, and now and then
// what was. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "tests/simulation/instance.hpp"

namespace twinshift::simulation {

class Senders {
 public:
  explicit Senders(Outside& outside) : outside_(outside), around_(outside.around) {}

  // The storm's traffic: bursts until its end.
  void begin();
  // One good event that nobody refuses.
  void pulse();
  [[nodiscard]] bool idle() const { return open_ == 0; }
  [[nodiscard]] std::size_t events() const { return tries_.size(); }

 private:
  void burst();
  void send(std::int64_t event_key);
  void send_later(std::int64_t event_key);
  void heard(std::int64_t event_key, int code);
  std::int64_t make_event(bool may_be_refused);

  Outside& outside_;
  Surroundings& around_;
  std::vector<int> tries_;  // by event key
  std::size_t open_ = 0;    // events that are not answered 200 and not given up
};

}  // namespace twinshift::simulation
