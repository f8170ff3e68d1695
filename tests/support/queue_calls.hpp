// Calls of a queue that wait for their answer.
#pragma once

#include <future>
#include <string>
#include <utility>
#include <vector>

#include "queue/event_queue.hpp"

namespace twinshift::tests {

inline base::Status enqueue(queue::EventQueue& queue, queue::Message message) {
  std::promise<base::Status> answer;
  queue.enqueue(std::move(message), [&](base::Status status) { answer.set_value(std::move(status)); });
  return answer.get_future().get();
}

inline base::Status enqueue(queue::EventQueue& queue, std::string body, std::string message_id = "m",
                            base::WallTime at = {}) {
  return enqueue(queue, queue::Message{std::move(body), std::move(message_id), at});
}

inline base::Status acknowledge(queue::EventQueue& queue, std::vector<queue::Receipt> receipts) {
  std::promise<base::Status> answer;
  queue.acknowledge(std::move(receipts), [&](base::Status status) { answer.set_value(std::move(status)); });
  return answer.get_future().get();
}

// Empty after an error, too.
inline std::vector<queue::Lease> receive(queue::EventQueue& queue, std::size_t messages_max,
                                         std::chrono::milliseconds wait = std::chrono::milliseconds(0)) {
  auto leases = queue.receive(messages_max, wait, {});
  return leases ? std::move(*leases) : std::vector<queue::Lease>();
}

}  // namespace twinshift::tests
