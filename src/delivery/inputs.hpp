// What the threads of delivery tell the conductor.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/mailbox.hpp"
#include "delivery/actions.hpp"

namespace twinshift::delivery {

struct Received {
  std::vector<Arrival> arrivals;
};
struct Written {
  LaneIndex lane = 0;
  base::Result<warehouse::WriteReport> result;
  std::chrono::nanoseconds took{0};
  std::string statement_id{};  // Warehouse::statement_of
};
struct MarkerAnswered {
  LaneIndex lane = 0;
  base::Result<std::optional<warehouse::Marker>> result;
  std::string statement_id{};
};
struct Probed {
  LaneIndex lane = 0;
  base::Status status;
};
struct Fetched {
  LaneIndex lane = 0;
  base::Result<std::vector<Arrival>> result;
};
struct Parked {
  LaneIndex lane = 0;
  std::uint64_t group = 0;
  base::Status status;
  std::vector<event::EventId> events{};  // for the witness; empty where there is none
};
struct Quarantined {
  LaneIndex lane = 0;
  std::uint64_t group = 0;
  base::Status status;
  std::vector<event::EventId> events{};  // likewise
};
struct AcknowledgeFailed {
  base::Error error;
};
struct StopAsked {
  base::SteadyTime deadline;
};

using Input =
    std::variant<Received, Written, MarkerAnswered, Probed, Fetched, Parked, Quarantined, AcknowledgeFailed, StopAsked>;

// Bounded by what can be under way: receives by the flow's room, calls by one a lane, groups by parking_rows_max and
// by the refusals that a RejectGuard believes.
inline constexpr std::size_t kInputsMax = 65'536;
using InputBox = base::Mailbox<Input>;
using InputBoxPtr = std::shared_ptr<InputBox>;  // shared with callbacks and with threads that may be left behind

}  // namespace twinshift::delivery
