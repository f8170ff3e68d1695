// What GetQueueAttributes says about a queue, and what of it does not fit how we use it. Any thread; no I/O.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "queue/drivers/sqs/calls.hpp"

namespace twinshift::queue::sqs {

struct QueueFacts {
  std::uint64_t visible = 0;
  std::uint64_t not_visible = 0;
  std::uint64_t delayed = 0;
  std::optional<std::chrono::seconds> visibility;
  std::optional<std::chrono::seconds> retention;
  std::chrono::seconds delay{0};
  std::size_t message_bytes_max = kMessageBytesMax;
  std::string dead_letter_arn;  // empty: there is none
  std::uint32_t receives_max = 0;
  bool is_fifo = false;
  bool is_high_throughput = false;  // FIFO: a limit of calls for each group

  [[nodiscard]] std::uint64_t depth() const { return visible + not_visible + delayed; }
};
QueueFacts facts_from(const Attributes& attributes);

// The DLQ's URL: it lies in the queue's own account and region, so only the name differs. Empty: there is none.
std::string dead_letter_url(std::string_view queue_url, std::string_view dead_letter_arn);

bool is_fifo_url(std::string_view queue_url);

// What an advice is about.
enum class Topic : std::uint8_t { settings, retention, dead_letters };
struct Advice {
  std::string message;
  std::string hint;
  Topic topic = Topic::settings;
};
struct Usage {
  std::chrono::milliseconds lease{60'000};
  // What this queue's messages may have to wait for: the retention should be longer.
  std::chrono::hours outage{96};
  // False: its messages are received again and again and must stay (the quarantine is read so).
  bool wants_dead_letters = true;
};
std::vector<Advice> advice_on(const QueueFacts& queue, const std::optional<QueueFacts>& dead_letters,
                              const Usage& usage);

}  // namespace twinshift::queue::sqs
