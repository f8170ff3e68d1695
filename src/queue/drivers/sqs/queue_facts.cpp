#include "queue/drivers/sqs/queue_facts.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <simdjson.h>

namespace twinshift::queue::sqs {
namespace {

// Each restart, each lost connection and each given-back lease is a receive: with fewer than these an ordinary day
// brings good messages into the dead-letter queue.
constexpr std::uint32_t kReceivesMin = 5;

std::optional<std::uint64_t> number(const Attributes& attributes, std::string_view name) {
  const auto found = attributes.find(name);
  if (found == attributes.end()) return std::nullopt;
  std::uint64_t value = 0;
  const std::string& text = found->second;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::optional<std::chrono::seconds> seconds(const Attributes& attributes, std::string_view name) {
  const auto value = number(attributes, name);
  return value ? std::optional(std::chrono::seconds(*value)) : std::nullopt;
}

bool is_text(const Attributes& attributes, std::string_view name, std::string_view text) {
  const auto found = attributes.find(name);
  return found != attributes.end() && found->second == text;
}

// {"deadLetterTargetArn":"...","maxReceiveCount":5}; the count comes as a number or as a text.
void read_redrive_policy(const std::string& json, QueueFacts& facts) {
  simdjson::dom::parser parser;
  simdjson::dom::object policy;
  if (parser.parse(json).get(policy) != simdjson::SUCCESS) return;
  std::string_view text;
  if (policy["deadLetterTargetArn"].get(text) == simdjson::SUCCESS) facts.dead_letter_arn = text;
  std::uint64_t count = 0;
  if (policy["maxReceiveCount"].get(count) != simdjson::SUCCESS &&
      policy["maxReceiveCount"].get(text) == simdjson::SUCCESS) {
    std::from_chars(text.data(), text.data() + text.size(), count);
  }
  facts.receives_max = static_cast<std::uint32_t>(count);
}

std::string span(std::chrono::seconds duration) {
  using namespace std::chrono_literals;
  if (duration >= 48h) return fmt::format("{} days", duration / 24h);
  if (duration >= 2h) return fmt::format("{} hours", duration / 1h);
  return fmt::format("{} s", duration.count());
}

void advise_on_dead_letters(const QueueFacts& queue, const std::optional<QueueFacts>& dead_letters,
                            std::vector<Advice>& out) {
  if (queue.dead_letter_arn.empty()) {
    out.push_back(
        {"The SQS queue has no dead-letter queue: a message that can never be used comes again until its "
         "retention ends, and is then lost",
         "Give the queue a RedrivePolicy with a dead-letter queue of the same type, account and region",
         Topic::dead_letters});
    return;
  }
  if (queue.receives_max < kReceivesMin) {
    out.push_back({fmt::format("The SQS queue moves a message to the dead-letter queue after {} receives, and every "
                               "restart and every outage of a warehouse counts as some",
                               queue.receives_max),
                   fmt::format("Set maxReceiveCount in its RedrivePolicy to {} or more (10 is usual)", kReceivesMin),
                   Topic::dead_letters});
  }
  if (dead_letters && dead_letters->retention && queue.retention && *dead_letters->retention <= *queue.retention) {
    out.push_back({fmt::format("The dead-letter queue keeps messages for {}, no longer than the queue itself, and they "
                               "count from when they were first sent",
                               span(*dead_letters->retention)),
                   "Set its MessageRetentionPeriod to 14 days (1209600)", Topic::dead_letters});
  }
}

}  // namespace

QueueFacts facts_from(const Attributes& attributes) {
  QueueFacts facts;
  facts.visible = number(attributes, "ApproximateNumberOfMessages").value_or(0);
  facts.not_visible = number(attributes, "ApproximateNumberOfMessagesNotVisible").value_or(0);
  facts.delayed = number(attributes, "ApproximateNumberOfMessagesDelayed").value_or(0);
  facts.visibility = seconds(attributes, "VisibilityTimeout");
  facts.retention = seconds(attributes, "MessageRetentionPeriod");
  facts.delay = seconds(attributes, "DelaySeconds").value_or(std::chrono::seconds(0));
  facts.message_bytes_max = number(attributes, "MaximumMessageSize").value_or(kMessageBytesMax);
  facts.is_fifo = is_text(attributes, "FifoQueue", "true");
  facts.is_high_throughput = is_text(attributes, "FifoThroughputLimit", "perMessageGroupId");
  if (const auto policy = attributes.find("RedrivePolicy"); policy != attributes.end()) {
    read_redrive_policy(policy->second, facts);
  }
  return facts;
}

std::string dead_letter_url(std::string_view queue_url, std::string_view dead_letter_arn) {
  const std::size_t slash = queue_url.rfind('/');
  const std::size_t colon = dead_letter_arn.rfind(':');
  if (slash == std::string_view::npos || colon == std::string_view::npos) return {};
  return std::string(queue_url.substr(0, slash + 1)) + std::string(dead_letter_arn.substr(colon + 1));
}

bool is_fifo_url(std::string_view queue_url) {
  return queue_url.ends_with(".fifo");
}

std::vector<Advice> advice_on(const QueueFacts& queue, const std::optional<QueueFacts>& dead_letters,
                              const Usage& usage) {
  std::vector<Advice> out;
  if (usage.wants_dead_letters) {
    advise_on_dead_letters(queue, dead_letters, out);
  } else if (!queue.dead_letter_arn.empty()) {
    out.push_back({fmt::format("The quarantine's SQS queue has a dead-letter queue: whoever reads the quarantine "
                               "receives every message, and after {} times they are moved there, out of sight",
                               queue.receives_max),
                   "Remove its RedrivePolicy, and move back what is there already", Topic::dead_letters});
  }
  if (queue.retention && *queue.retention < usage.outage) {
    out.push_back({fmt::format("The SQS queue keeps messages for {} only: what cannot be delivered for longer is lost",
                               span(*queue.retention)),
                   "Set its MessageRetentionPeriod to 14 days (1209600)", Topic::retention});
  }
  // We ask for QUEUE_LEASE_TIMEOUT with each receive, so a shorter one of the queue's own harms only other readers.
  if (queue.visibility && *queue.visibility < usage.lease) {
    out.push_back(
        {fmt::format("The SQS queue's VisibilityTimeout is {}, below QUEUE_LEASE_TIMEOUT ({}): we ask for ours, "
                     "any other reader and a missing right do with the queue's",
                     span(*queue.visibility), span(std::chrono::ceil<std::chrono::seconds>(usage.lease))),
         "Set the queue's VisibilityTimeout to QUEUE_LEASE_TIMEOUT or more"});
  }
  if (queue.message_bytes_max < kMessageBytesMax) {
    out.push_back(
        {fmt::format("The SQS queue takes messages of {} bytes at most: larger events are sent compressed, and "
                     "refused where that is not enough",
                     queue.message_bytes_max),
         "Set its MaximumMessageSize to 1048576"});
  }
  if (queue.delay > queue.delay.zero()) {
    out.push_back({fmt::format("The SQS queue holds every message back for {} (DelaySeconds)", span(queue.delay)),
                   "Set its DelaySeconds to 0"});
  }
  if (queue.is_fifo && !queue.is_high_throughput) {
    out.push_back({"The SQS queue is FIFO with a limit of 300 calls a second for all groups together",
                   "Set FifoThroughputLimit=perMessageGroupId and DeduplicationScope=messageGroup, or use a standard "
                   "queue: the order of events does not matter here"});
  }
  return out;
}

}  // namespace twinshift::queue::sqs
