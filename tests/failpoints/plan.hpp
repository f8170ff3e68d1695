// What is to happen at which failpoint, as a text says it: orders like "queue.sqlite.enqueue.before_commit=kill@3",
// parted by commas or white space. "@3" is the third passing, the first one without it. One thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/failpoint.hpp"

namespace twinshift::failpoints {

enum class Action : std::uint8_t {
  kill,   // SIGKILL
  pause,  // from that passing on, for as long as the plan says so
  error,  // once
  drop,   // once
};

std::string_view to_string(Action action);

struct Order {
  base::Failpoint point;
  Action action;
  std::uint64_t at;  // 1: the first passing
};

class Plan {
 public:
  // `invalid` for an unknown name or action, a count that is none, or an action that the point cannot carry out.
  static base::Result<Plan> parse(std::string_view text);

  // Counts the passing; what is to be done, or nothing.
  const Order* pass(base::Failpoint point);
  // Whether whoever waits there is to wait on.
  [[nodiscard]] bool pauses(base::Failpoint point) const;

 private:
  std::vector<Order> orders_;          // at most one a point
  std::vector<std::uint64_t> passed_;  // by order
};

}  // namespace twinshift::failpoints
