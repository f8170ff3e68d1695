// Events and messages of the simulation. A sender makes an event; each time it sends it, and we take it, that is a
// message of its own with its own time of arrival.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/clock.hpp"
#include "event/event.hpp"

namespace twinshift::simulation {

using MessageIndex = std::uint32_t;
inline constexpr MessageIndex kNoMessage = ~MessageIndex{0};

// Every event in a simulation is one of these; `key` counts events from 0.
struct SimEvent : event::Event {
  MessageIndex message = 0;
};
inline MessageIndex message_of(const event::Event& event) {
  return static_cast<const SimEvent&>(event).message;
}

using TargetMask = std::uint8_t;
inline constexpr std::size_t kTargetsMost = 4;

// The truth about one message, which no part of the service sees.
struct SimMessage {
  event::EventPtr event{};
  std::uint32_t instance = 0;  // that took it
  std::size_t hour = 0;        // of arrival
  base::SteadyTime durable_at{};
  bool durable = false;        // as the disk, or SQS, has reported
  bool answered = false;       // 200
  bool counted = false;        // stands in the books as received
  bool lost_declared = false;  // the disk took it, enqueue and all, after it had reported it as durable
  TargetMask waived = 0;       // stands in the books as waived
  // Likewise, how often, by target: twice where two instances had it in their quarantines and both dropped it.
  std::array<std::int8_t, kTargetsMost> waivers{};
  TargetMask debt_lost_declared = 0;  // likewise its debt or its quarantine record
};

using Messages = std::vector<SimMessage>;

}  // namespace twinshift::simulation
