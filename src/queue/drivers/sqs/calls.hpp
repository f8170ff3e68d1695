// The calls to SQS as this driver makes them: request bodies, answers, and what a failure means (SQS API Reference).
// Any thread; no I/O but that of the Caller handed in.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aws/client.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"

namespace twinshift::queue::sqs {

// aws::Client::call, or a test's own idea of SQS. Must be callable from any thread.
using Caller = std::function<aws::Outcome<aws::Answer>(const aws::Call&)>;

inline constexpr std::size_t kBatchEntriesMax = 10;
inline constexpr std::size_t kMessageBytesMax = 1'048'576;  // attributes included; a batch together, too
inline constexpr std::size_t kAttributeBytes = 21;          // "Source", "String", "AppsFlyer"
inline constexpr std::chrono::seconds kVisibilityMax{43'200};

struct Outgoing {
  std::string text;              // made of what SQS carries (sqs_text.hpp)
  std::string group;             // FIFO queues only: MessageGroupId
  std::string deduplication_id;  // FIFO queues only
  bool has_source = true;        // false: a stranger's message that is moved as it is
};
std::string send_batch_request(std::string_view queue_url, std::span<const Outgoing> messages);

struct ReceiveAsk {
  std::size_t messages_max = 10;
  std::chrono::seconds wait{0};
  std::chrono::seconds visibility{60};
};
std::string receive_request(std::string_view queue_url, const ReceiveAsk& ask);

std::string delete_batch_request(std::string_view queue_url, std::span<const std::string> handles);

struct VisibilityChange {
  std::string handle;
  std::chrono::seconds visibility{0};
};
std::string visibility_batch_request(std::string_view queue_url, std::span<const VisibilityChange> changes);

std::string attributes_request(std::string_view queue_url);

// Of a batch: the entries' positions, since we name them by these.
struct BatchAnswer {
  struct Success {
    std::size_t index = 0;
    std::string md5_of_body;        // SendMessageBatch
    std::string md5_of_attributes;  // SendMessageBatch
  };
  struct Failed {
    std::size_t index = 0;
    std::string code = {};  // without namespace
    std::string message = {};
    bool sender_fault = false;
  };
  std::vector<Success> successes;
  std::vector<Failed> failures;
};
// Errors: unavailable (not what SQS answers).
base::Result<BatchAnswer> read_batch_answer(std::string_view json);

struct Incoming {
  std::string message_id;
  std::string handle;
  std::string body;
  std::string md5_of_body;
  std::string group;  // FIFO queues
  base::WallTime sent_at{};
  std::uint32_t receive_count = 1;
  bool is_from_appsflyer = false;
};
base::Result<std::vector<Incoming>> read_receive_answer(std::string_view json);

using Attributes = std::map<std::string, std::string, std::less<>>;
base::Result<Attributes> read_attributes_answer(std::string_view json);

// "QueueDoesNotExist" of any spelling: "AWS.SimpleQueueService.NonExistentQueue",
// "com.amazonaws.sqs#QueueDoesNotExist".
bool is_code(std::string_view code, std::string_view name);
// Refused for want of a right.
bool is_denied(const aws::Failure& failure);
// Worth sending the same entry again.
bool is_worth_retrying(const BatchAnswer::Failed& failed);
// The receipt handle is no longer the message's: it was deleted, or lent again.
bool is_stale(const BatchAnswer::Failed& failed);

base::Error entry_error(const BatchAnswer::Failed& failed, std::string_view action, std::string_view place);

}  // namespace twinshift::queue::sqs
