#include "base/json_text.hpp"
#include "queue/drivers/sqs/calls.hpp"
#include "queue/drivers/sqs/envelope.hpp"
#include "queue/drivers/sqs/sqs_text.hpp"

namespace twinshift::queue::sqs {
namespace {

std::string begin_request(std::string_view queue_url) {
  std::string out = R"({"QueueUrl":)";
  base::append_json_string(out, queue_url);
  return out;
}

void add_entry(std::string& out, std::size_t index) {
  out += index == 0 ? R"({"Id":")" : R"(,{"Id":")";
  out += std::to_string(index);
  out += '"';
}

void add_text(std::string& out, std::string_view name, std::string_view value) {
  out += ",\"";
  out += name;
  out += "\":";
  base::append_json_string(out, value);
}

}  // namespace

std::string send_batch_request(std::string_view queue_url, std::span<const Outgoing> messages) {
  std::string source = R"(,"MessageAttributes":{")";
  source += kSourceName;
  source += R"(":{"DataType":"String","StringValue":")";
  source += kSourceValue;
  source += R"("}})";
  std::size_t bytes = 256;
  // An event's JSON in JSON grows by its quotes, roughly a sixth.
  for (const Outgoing& each : messages) bytes += each.text.size() + each.text.size() / 4 + 256;
  std::string out;
  out.reserve(bytes);
  out += begin_request(queue_url);
  out += R"(,"Entries":[)";
  for (std::size_t i = 0; i < messages.size(); ++i) {
    add_entry(out, i);
    out += R"(,"MessageBody":")";
    append_escaped(out, messages[i].text);
    out += '"';
    if (!messages[i].group.empty()) {
      add_text(out, "MessageGroupId", messages[i].group);
      add_text(out, "MessageDeduplicationId", messages[i].deduplication_id);
    }
    if (messages[i].has_source) out += source;
    out += '}';
  }
  out += "]}";
  return out;
}

std::string receive_request(std::string_view queue_url, const ReceiveAsk& ask) {
  return base::JsonObject()
      .add("QueueUrl", queue_url)
      .add("MaxNumberOfMessages", static_cast<std::uint64_t>(ask.messages_max))
      .add("WaitTimeSeconds", static_cast<std::int64_t>(ask.wait.count()))
      .add("VisibilityTimeout", static_cast<std::int64_t>(ask.visibility.count()))
      .add_raw("MessageSystemAttributeNames", R"(["ApproximateReceiveCount","SentTimestamp","MessageGroupId"])")
      .add_raw("MessageAttributeNames", R"(["Source"])")
      .text();
}

std::string delete_batch_request(std::string_view queue_url, std::span<const std::string> handles) {
  std::string out = begin_request(queue_url);
  out += R"(,"Entries":[)";
  for (std::size_t i = 0; i < handles.size(); ++i) {
    add_entry(out, i);
    add_text(out, "ReceiptHandle", handles[i]);
    out += '}';
  }
  out += "]}";
  return out;
}

std::string visibility_batch_request(std::string_view queue_url, std::span<const VisibilityChange> changes) {
  std::string out = begin_request(queue_url);
  out += R"(,"Entries":[)";
  for (std::size_t i = 0; i < changes.size(); ++i) {
    add_entry(out, i);
    add_text(out, "ReceiptHandle", changes[i].handle);
    out += R"(,"VisibilityTimeout":)" + std::to_string(changes[i].visibility.count()) + '}';
  }
  out += "]}";
  return out;
}

std::string attributes_request(std::string_view queue_url) {
  return base::JsonObject().add("QueueUrl", queue_url).add_raw("AttributeNames", R"(["All"])").text();
}

}  // namespace twinshift::queue::sqs
