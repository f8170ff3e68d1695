#include "queue/drivers/sqs/sqs_admin.hpp"

#include <utility>

#include <simdjson.h>

#include "base/ids.hpp"
#include "base/json_text.hpp"
#include "queue/drivers/sqs/calls.hpp"
#include "queue/drivers/sqs/digest.hpp"

namespace twinshift::queue {
namespace {

using base::ErrorKind;

// Long enough for one send and one delete of ten.
constexpr std::chrono::seconds kMoveVisibility{120};
constexpr std::chrono::seconds kMoveWait{1};
constexpr std::size_t kTasksMax = 10;

base::Error error_of(const aws::Failure& failure) {
  return failure.error;
}

base::Result<sqs::QueueFacts> facts_of(const SqsAdminOptions& options, const std::string& url) {
  const auto answer = options.client->call({.operation = "GetQueueAttributes",
                                            .body = sqs::attributes_request(url),
                                            .timeout = options.look_timeout,
                                            .tries_max = options.look_tries_max});
  if (!answer) return base::fail(error_of(answer.error()));
  const auto attributes = sqs::read_attributes_answer(answer->body);
  if (!attributes) return base::fail(attributes.error());
  return sqs::facts_from(*attributes);
}

struct DeadLetters {
  std::string url;
  std::string arn;
};
base::Result<DeadLetters> dead_letters_of(const SqsAdminOptions& options) {
  const auto facts = facts_of(options, options.queue_url);
  if (!facts) return base::fail(facts.error());
  if (facts->dead_letter_arn.empty()) {
    return base::fail(ErrorKind::not_found, "the queue has no dead-letter queue", options.queue_url,
                      "Give it a RedrivePolicy");
  }
  return DeadLetters{sqs::dead_letter_url(options.queue_url, facts->dead_letter_arn), facts->dead_letter_arn};
}

// Where AWS cannot do it for us: no right, an older endpoint, or a stand-in.
bool means_by_hand(const aws::Failure& failure) {
  return sqs::is_denied(failure) || sqs::is_code(failure.code, "UnsupportedOperation") ||
         failure.code.find("InvalidAction") != std::string::npos ||
         failure.code.find("UnknownOperation") != std::string::npos || failure.http_status == 404 ||
         failure.http_status == 501;
}

// Receives up to ten of the dead-letter queue, sends them, deletes those that were sent.
class HandMove {
 public:
  HandMove(const SqsAdminOptions& options, std::string from) : options_(options), from_(std::move(from)) {}

  // False where there was nothing left.
  base::Result<bool> move_some(Redrive& redrive, const std::stop_token& stop) {
    auto received = call({.operation = "ReceiveMessage",
                          .body = sqs::receive_request(from_, {sqs::kBatchEntriesMax, kMoveWait, kMoveVisibility}),
                          .stop = stop});
    if (!received) return base::fail(received.error());
    auto messages = sqs::read_receive_answer(*received);
    if (!messages) return base::fail(messages.error());
    if (messages->empty()) return false;
    for (const sqs::Incoming& each : *messages) {
      const bool moved = move_one(each, stop);
      ++(moved ? redrive.moved : redrive.failed);
    }
    return true;
  }

 private:
  base::Result<std::string> call(const aws::Call& call) {
    auto answer = options_.client->call(call);
    if (!answer) return base::fail(error_of(answer.error()));
    return std::move(answer->body);
  }

  // One at a time: together ten may be larger than a batch, and this is no hot path.
  bool move_one(const sqs::Incoming& message, const std::stop_token& stop) {
    if (!sqs::digests_agree(sqs::md5_hex(message.body), message.md5_of_body)) return false;
    sqs::Outgoing out{
        .text = message.body, .group = {}, .deduplication_id = {}, .has_source = message.is_from_appsflyer};
    if (sqs::is_fifo_url(options_.queue_url)) {
      out.group = message.group.empty() ? "redrive" : message.group;
      out.deduplication_id = base::uuid_v7();  // its old one may still be remembered, and the message dropped
    }
    const auto sent = call({.operation = "SendMessageBatch",
                            .body = sqs::send_batch_request(options_.queue_url, {&out, 1}),
                            .iam_action = "sqs:SendMessage",
                            .stop = stop});
    const auto results =
        sent ? sqs::read_batch_answer(*sent) : base::Result<sqs::BatchAnswer>(base::fail(sent.error()));
    if (!results || results->successes.size() != 1) return false;
    if (!sqs::digests_agree(sqs::md5_hex(message.body), results->successes[0].md5_of_body)) return false;
    // Not deleted: it comes again from the dead-letter queue, a copy of what is in the queue now. Harmless.
    return call({.operation = "DeleteMessageBatch",
                 .body = sqs::delete_batch_request(from_, {&message.handle, 1}),
                 .iam_action = "sqs:DeleteMessage",
                 .stop = stop})
        .has_value();
  }

  const SqsAdminOptions& options_;
  const std::string from_;
};

std::uint64_t number_in(const simdjson::dom::object& object, std::string_view name) {
  std::uint64_t value = 0;
  return object[name].get(value) == simdjson::SUCCESS ? value : 0;
}

std::string text_in(const simdjson::dom::object& object, std::string_view name) {
  std::string_view text;
  return object[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

}  // namespace

base::Result<SqsOverview> look_at_sqs_queue(const SqsAdminOptions& options) {
  auto queue = facts_of(options, options.queue_url);
  if (!queue) return base::fail(std::move(queue.error()));
  SqsOverview overview;
  overview.queue = std::move(*queue);
  if (overview.queue.dead_letter_arn.empty()) return overview;
  overview.dead_letter_url = sqs::dead_letter_url(options.queue_url, overview.queue.dead_letter_arn);
  auto dead_letters = facts_of(options, overview.dead_letter_url);
  if (dead_letters) {
    overview.dead_letters = std::move(*dead_letters);
  } else {
    overview.dead_letters_error = std::move(dead_letters.error());
  }
  return overview;
}

base::Result<std::vector<MoveTask>> list_sqs_moves(const SqsAdminOptions& options) {
  const auto dead_letters = dead_letters_of(options);
  if (!dead_letters) return base::fail(dead_letters.error());
  const auto answer = options.client->call({.operation = "ListMessageMoveTasks",
                                            .body = base::JsonObject()
                                                        .add("SourceArn", dead_letters->arn)
                                                        .add("MaxResults", static_cast<std::uint64_t>(kTasksMax))
                                                        .text()});
  if (!answer) return base::fail(error_of(answer.error()));
  simdjson::dom::parser parser;
  simdjson::dom::array results;
  std::vector<MoveTask> tasks;
  if (parser.parse(answer->body)["Results"].get(results) != simdjson::SUCCESS) return tasks;
  for (const simdjson::dom::object each : results) {
    tasks.push_back({text_in(each, "Status"), number_in(each, "ApproximateNumberOfMessagesMoved"),
                     number_in(each, "ApproximateNumberOfMessagesToMove"), text_in(each, "FailureReason")});
  }
  return tasks;
}

base::Result<Redrive> redrive_sqs_queue(const SqsAdminOptions& options,
                                        const std::function<void(const Redrive&)>& progress,
                                        const std::stop_token& stop) {
  const auto dead_letters = dead_letters_of(options);
  if (!dead_letters) return base::fail(dead_letters.error());
  // Without a destination they go where each came from, which may be another queue with the same dead-letter queue; we
  // mean ours, but only AWS knows the way back to several, so it decides.
  const auto started = options.client->call({.operation = "StartMessageMoveTask",
                                             .body = base::JsonObject().add("SourceArn", dead_letters->arn).text(),
                                             .stop = stop});
  if (started) return Redrive{.is_task = true};
  if (!means_by_hand(started.error())) return base::fail(error_of(started.error()));
  HandMove hand(options, dead_letters->url);
  Redrive redrive;
  while (!stop.stop_requested()) {
    const auto more = hand.move_some(redrive, stop);
    if (!more) return base::fail(more.error());
    if (!*more) break;
    if (progress) progress(redrive);
  }
  return redrive;
}

}  // namespace twinshift::queue
