// Calls of a quarantine that wait for their answer, and small events to put there.
#pragma once

#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "quarantine/quarantine.hpp"

namespace twinshift::tests {

// The event number `number`; equal numbers are the same event.
inline event::EventPtr event_of(std::uint8_t number, std::string json = "{}") {
  auto event = std::make_shared<event::Event>();
  event->id.bytes.back() = number;
  event->json = std::move(json);
  return event;
}

inline std::string message_at(base::WallTime received_at) {
  return "m" + std::to_string(received_at.time_since_epoch().count());
}

// The same event in a message of its own, which intake took then.
inline event::EventPtr event_at(std::uint8_t number, base::WallTime received_at) {
  auto event = std::make_shared<event::Event>();
  event->id.bytes.back() = number;
  event->json = "{}";
  event->message_id = message_at(received_at);
  event->received_at = received_at;
  return event;
}

// What brought the event of event_at().
inline quarantine::Arrival arrival_at(base::WallTime received_at) {
  return {received_at, message_at(received_at)};
}

inline quarantine::Refused refused(std::string target, event::EventPtr event) {
  return {std::move(target), std::move(event), "revenue", "22003", "out of range"};
}

inline base::Status put(quarantine::Quarantine& quarantine, std::vector<quarantine::Refused> events) {
  std::promise<base::Status> answer;
  auto answered = answer.get_future();
  quarantine.put(std::move(events),
                 [answer = std::move(answer)](base::Status status) mutable { answer.set_value(std::move(status)); });
  return answered.get();
}

// The answer comes later.
inline std::future<base::Result<std::uint64_t>> start_remove(quarantine::Quarantine& quarantine,
                                                             std::vector<quarantine::Ticket> tickets) {
  std::promise<base::Result<std::uint64_t>> answer;
  auto answered = answer.get_future();
  quarantine.remove(std::move(tickets), [answer = std::move(answer)](base::Result<std::uint64_t> removed) mutable {
    answer.set_value(std::move(removed));
  });
  return answered;
}

inline base::Result<std::uint64_t> remove(quarantine::Quarantine& quarantine, std::vector<quarantine::Ticket> tickets) {
  return start_remove(quarantine, std::move(tickets)).get();
}

inline std::vector<quarantine::Ticket> tickets_of(const std::vector<quarantine::Record>& records) {
  std::vector<quarantine::Ticket> tickets;
  for (const quarantine::Record& record : records) tickets.push_back({record.id, record.tries});
  return tickets;
}

inline std::vector<std::int64_t> ids_of(const std::vector<quarantine::Record>& records) {
  std::vector<std::int64_t> ids;
  for (const quarantine::Record& record : records) ids.push_back(record.id);
  return ids;
}

}  // namespace twinshift::tests
