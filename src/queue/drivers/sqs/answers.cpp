#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>

#include <simdjson.h>

#include "queue/drivers/sqs/calls.hpp"
#include "queue/drivers/sqs/envelope.hpp"

namespace twinshift::queue::sqs {
namespace {

namespace dom = simdjson::dom;

// A parser keeps buffers as large as the largest answer it saw; after a larger one it is made anew.
constexpr std::size_t kParserBytesKept = 4'000'000;

// One parser a thread; its document holds until the next answer.
dom::parser& parser_for(std::size_t bytes) {
  thread_local auto parser = std::make_unique<dom::parser>();
  thread_local bool swollen = false;
  if (swollen) parser = std::make_unique<dom::parser>();
  swollen = bytes > kParserBytesKept;
  return *parser;
}

std::unexpected<base::Error> unreadable() {
  return base::fail(base::ErrorKind::unavailable, "what answered does not speak as SQS does", "SQS queue",
                    "Look at SQS_QUEUE_URL, AWS_ENDPOINT_URL_SQS and any proxy between");
}

base::Result<dom::object> parse(std::string_view json) {
  dom::element root;
  dom::object object;
  if (parser_for(json.size()).parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) return unreadable();
  if (root.get_object().get(object) != simdjson::SUCCESS) return unreadable();
  return object;
}

std::string_view text_in(const dom::object& object, std::string_view name) {
  std::string_view text;
  return object[name].get_string().get(text) == simdjson::SUCCESS ? text : std::string_view();
}

template <class Number>
std::optional<Number> number_from(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

// The list of that name; none where it is missing.
dom::array list_in(const dom::object& object, std::string_view name) {
  dom::array list;
  return object[name].get_array().get(list) == simdjson::SUCCESS ? list : dom::array();
}
bool has_list(const dom::object& object, std::string_view name) {
  return object[name].get_array().error() == simdjson::SUCCESS;
}

std::string bare_code(std::string_view code) {
  code.remove_prefix(std::min(code.size(), code.find('#') + 1));
  return std::string(code);
}

Incoming incoming_from(const dom::object& message) {
  Incoming in;
  in.message_id = text_in(message, "MessageId");
  in.handle = text_in(message, "ReceiptHandle");
  in.body = text_in(message, "Body");
  in.md5_of_body = text_in(message, "MD5OfBody");
  dom::object attributes;
  if (message["Attributes"].get_object().get(attributes) == simdjson::SUCCESS) {
    in.group = text_in(attributes, "MessageGroupId");
    in.receive_count = number_from<std::uint32_t>(text_in(attributes, "ApproximateReceiveCount")).value_or(1);
    const auto ms = number_from<std::int64_t>(text_in(attributes, "SentTimestamp")).value_or(0);
    in.sent_at = base::WallTime(std::chrono::milliseconds(ms));
  }
  std::string_view source;
  if (message["MessageAttributes"][kSourceName]["StringValue"].get_string().get(source) == simdjson::SUCCESS) {
    in.is_from_appsflyer = source == kSourceValue;
  }
  return in;
}

}  // namespace

base::Result<BatchAnswer> read_batch_answer(std::string_view json) {
  const auto root = parse(json);
  if (!root) return base::fail(root.error());
  if (!has_list(*root, "Successful") && !has_list(*root, "Failed")) return unreadable();
  BatchAnswer answer;
  if (has_list(*root, "Successful")) {
    for (const dom::object each : list_in(*root, "Successful")) {
      const auto index = number_from<std::size_t>(text_in(each, "Id"));
      if (!index) return unreadable();
      answer.successes.push_back({*index, std::string(text_in(each, "MD5OfMessageBody")),
                                  std::string(text_in(each, "MD5OfMessageAttributes"))});
    }
  }
  if (has_list(*root, "Failed")) {
    for (const dom::object each : list_in(*root, "Failed")) {
      const auto index = number_from<std::size_t>(text_in(each, "Id"));
      if (!index) return unreadable();
      bool sender_fault = false;
      if (each["SenderFault"].get_bool().get(sender_fault) != simdjson::SUCCESS) sender_fault = false;
      answer.failures.push_back(
          {*index, bare_code(text_in(each, "Code")), std::string(text_in(each, "Message")), sender_fault});
    }
  }
  return answer;
}

base::Result<std::vector<Incoming>> read_receive_answer(std::string_view json) {
  const auto root = parse(json);
  if (!root) return base::fail(root.error());
  std::vector<Incoming> messages;
  if (!has_list(*root, "Messages")) return messages;  // how SQS says that there are none
  for (const dom::object each : list_in(*root, "Messages")) messages.push_back(incoming_from(each));
  return messages;
}

base::Result<Attributes> read_attributes_answer(std::string_view json) {
  const auto root = parse(json);
  if (!root) return base::fail(root.error());
  Attributes attributes;
  dom::object named;
  if ((*root)["Attributes"].get_object().get(named) != simdjson::SUCCESS) return attributes;
  for (const auto& [name, value] : named) {
    std::string_view text;
    if (value.get_string().get(text) == simdjson::SUCCESS) attributes.emplace(name, text);
  }
  return attributes;
}

bool is_code(std::string_view code, std::string_view name) {
  if (code == name) return true;
  constexpr std::string_view kLegacy = "AWS.SimpleQueueService.";
  if (name == "QueueDoesNotExist" && code == "AWS.SimpleQueueService.NonExistentQueue") return true;
  return code.starts_with(kLegacy) && code.substr(kLegacy.size()) == name;
}

bool is_denied(const aws::Failure& failure) {
  return failure.code.starts_with("AccessDenied") || failure.code == "UnauthorizedOperation";
}

bool is_worth_retrying(const BatchAnswer::Failed& failed) {
  constexpr std::array<std::string_view, 7> kCodes = {"RequestThrottled",  "ThrottlingException", "Throttling",
                                                      "KmsThrottled",      "InternalError",       "InternalFailure",
                                                      "ServiceUnavailable"};
  return !failed.sender_fault ||
         std::ranges::any_of(kCodes, [&](std::string_view code) { return is_code(failed.code, code); });
}

bool is_stale(const BatchAnswer::Failed& failed) {
  if (is_code(failed.code, "ReceiptHandleIsInvalid") || is_code(failed.code, "MessageNotInflight")) return true;
  // FIFO queues: "... Reason: The receipt handle has expired"; others: "... does not exist or is not available for
  // visibility timeout change".
  return (failed.code == "InvalidParameterValue" || failed.code == "InvalidParameterValueException") &&
         (failed.message.find("ReceiptHandle") != std::string::npos ||
          failed.message.find("visibility timeout change") != std::string::npos);
}

base::Error entry_error(const BatchAnswer::Failed& failed, std::string_view action, std::string_view place) {
  const bool throttled = failed.code.find("hrottl") != std::string::npos;
  const base::ErrorKind kind = throttled                   ? base::ErrorKind::throttled
                               : is_worth_retrying(failed) ? base::ErrorKind::unavailable
                                                           : base::ErrorKind::invalid;
  return {kind, "SQS refused an entry of " + std::string(action) + ": " + failed.code, std::string(place),
          throttled ? "Ask AWS for a higher quota, or raise SQS_EVENTS_PER_MESSAGE"
                    : "The SQS API reference says what the code means"};
}

}  // namespace twinshift::queue::sqs
