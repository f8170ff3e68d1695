// Work of a simulated process that waits: a command, or what a lane's thread does. It is written as straight code, as
// the service's own blocking code is, and waits in the world's time. One thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "tests/simulation/fiber.hpp"
#include "tests/simulation/surroundings.hpp"

namespace twinshift::simulation {

class Task : public std::enable_shared_from_this<Task> {
 public:
  using Work = std::function<void(Task&)>;
  // Begins at once. `owner`: while it is frozen the task does not go on either.
  static std::shared_ptr<Task> begin(Surroundings& around, Owner owner, Work work);
  Task(Surroundings& around, Owner owner, Work work);

  // From within. False: its process has died; from then on nothing waits, and nothing may be done any more.
  bool wait(std::chrono::microseconds how_long) { return wait_until(around_.now + how_long); }
  bool wait_until(base::SteadyTime at);
  // Likewise, but tell() ends the waiting.
  bool wait_told(base::SteadyTime until);
  // From outside.
  void tell();
  // Its process dies: its code runs to its end at once, with every wait failing.
  void end();

  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] bool done() const { return fiber_.done(); }

 private:
  void plan(base::SteadyTime at);

  Surroundings& around_;
  const Owner owner_;
  Work work_;
  Fiber fiber_;
  std::uint64_t waits_ = 0;  // a moment that was planned for an earlier wait is passed over
  bool may_be_told_ = false;
  bool ended_ = false;
};
using TaskPtr = std::shared_ptr<Task>;

}  // namespace twinshift::simulation
