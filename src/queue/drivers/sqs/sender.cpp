#include "queue/drivers/sqs/sender.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/backoff.hpp"
#include "base/failpoint.hpp"
#include "base/thread.hpp"
#include "event/identity.hpp"
#include "queue/drivers/sqs/digest.hpp"
#include "queue/drivers/sqs/envelope.hpp"
#include "queue/drivers/sqs/retry_pause.hpp"

namespace twinshift::queue::sqs {
namespace {

using base::ErrorKind;

// Of an entry that SQS asks to send again; the client retries whole calls by itself.
constexpr int kTriesMax = 3;
constexpr base::BackoffLimits kRetry{std::chrono::milliseconds(50), std::chrono::milliseconds(1'000)};
// Below intake's patience (INTAKE_TIMEOUT) a second try still helps; a black hole must not hold a thread for long.
constexpr std::chrono::milliseconds kCallTimeout{5'000};

GatherLimits limits_of(const SenderOptions& options) {
  return {.batch_entries_max = kBatchEntriesMax * options.events_per_message,
          .batch_bytes_max = kMessageBytesMax - kBatchEntriesMax * kPackBytes,
          .gather_max = options.gather_max,
          // A pack that left as soon as no call is under way would be half full: senders that wait for their answers
          // come back a moment later, all at once.
          .at_once_when_idle = options.events_per_message == 1,
          .waiting_entries_max = options.inbox_messages_max,
          .waiting_bytes_max = options.inbox_bytes_max};
}

void answer_all(std::vector<Done>& dones, const base::Status& status) {
  for (Done& done : dones) done(status);
  dones.clear();
}

}  // namespace

Sender::Sender(SenderOptions options, Complaints& complaints)
    : options_(std::move(options)),
      complaints_(complaints),
      md5_of_attributes_(md5_of_attributes({{kSourceName, kSourceValue}})),
      inbox_(limits_of(options_)) {
  for (std::size_t i = 0; i < options_.threads; ++i) {
    threads_.push_back(base::start_thread(options_.thread_name + "-send", [this](const std::stop_token&) { run(); }));
  }
}

Sender::~Sender() {
  close(std::chrono::milliseconds(0));
}

void Sender::send(const Message& message, Done done, std::string_view again) {
  const std::size_t bytes_max = message_bytes_max_.load(std::memory_order_relaxed) - kAttributeBytes;
  auto text = write_envelope(message, bytes_max);
  if (!text) return done(base::fail(std::move(text.error())));
  Entry entry;
  if (options_.is_fifo) {
    // By the content, so that copies of one event stay in one group and 256 groups share the work. The drop within five
    // minutes goes by id and content both: equal content alone may be two events (EVENT_IDENTITY=message), and an equal
    // id alone may be a stranger's who numbers carelessly.
    entry.group = event::content_id(message.body).hex().substr(0, 2);
    entry.deduplication_id =
        event::hash_id(std::to_string(message.message_id.size()) + ':' + message.message_id + std::string(again),
                       message.body)
            .hex();
  }
  entry.bytes = text->size() + kAttributeBytes + kPackBytesEach;
  entry.unfolded_bytes = message.body.size();
  entry.text = std::move(*text);
  entry.done = std::move(done);
  const Put put = inbox_.put(entry);
  if (put == Put::taken) return;
  if (put == Put::closed) {
    return entry.done(
        base::fail(ErrorKind::cancelled, "the queue is closing", complaints_.place(), "Send again later"));
  }
  entry.done(
      base::fail(ErrorKind::full, "too many events wait to be sent to SQS", complaints_.place(),
                 "Send again later; SQS that answers slowly is the usual cause (SQS_SENDS raises the calls at once)"));
}

void Sender::run() {
  for (;;) {
    std::vector<Entry> entries = inbox_.take();
    if (entries.empty()) return;
    const std::size_t count = entries.size();
    std::size_t bytes = 0;
    for (const Entry& each : entries) bytes += each.bytes;
    deliver(make_parcels(std::move(entries)));
    inbox_.finished(count, bytes);
  }
}

// No pack is larger than the queue takes, nor unfolds to more than a reader takes.
std::vector<Sender::Parcel> Sender::make_parcels(std::vector<Entry> entries) const {
  const std::size_t bytes_max = message_bytes_max_.load(std::memory_order_relaxed) - kPackBytes;
  std::vector<Parcel> parcels;
  for (std::size_t at = 0; at < entries.size();) {
    const std::size_t begin = at;
    std::size_t bytes = 0;
    std::size_t unfolded_bytes = 0;
    do {
      bytes += entries[at].bytes;
      unfolded_bytes += entries[at].unfolded_bytes;
      ++at;
    } while (at < entries.size() && at - begin < options_.events_per_message &&
             bytes + entries[at].bytes <= bytes_max &&
             unfolded_bytes + entries[at].unfolded_bytes <= kUnfoldedBytesMax);
    parcels.push_back(make_parcel(std::span(entries).subspan(begin, at - begin)));
  }
  return parcels;
}

Sender::Parcel Sender::make_parcel(std::span<Entry> entries) const {
  Parcel parcel;
  parcel.message.group = std::move(entries.front().group);
  parcel.message.deduplication_id = std::move(entries.front().deduplication_id);
  std::vector<std::string_view> texts;
  for (Entry& each : entries) {
    texts.push_back(each.text);
    parcel.dones.push_back(std::move(each.done));
  }
  if (texts.size() > 1) {
    parcel.message.text = write_pack(texts);
    if (options_.is_fifo) parcel.message.deduplication_id = event::hash_id(parcel.message.text).hex();
  } else {
    parcel.message.text = std::move(entries.front().text);
  }
  return parcel;
}

void Sender::deliver(std::vector<Parcel> parcels) {
  // Entries make at most ten parcels, unless a pack had no room for all its events.
  while (!parcels.empty()) {
    const auto count = static_cast<std::ptrdiff_t>(std::min(parcels.size(), kBatchEntriesMax));
    std::vector<Parcel> batch(std::make_move_iterator(parcels.begin()),
                              std::make_move_iterator(parcels.begin() + count));
    parcels.erase(parcels.begin(), parcels.begin() + count);
    for (int tries = 1; !batch.empty(); ++tries) {
      batch = try_once(std::move(batch), tries >= kTriesMax || give_up_.stop_requested());
      if (!batch.empty()) pause_before_retry(kRetry, tries, give_up_.get_token());
    }
  }
}

std::vector<Sender::Parcel> Sender::try_once(std::vector<Parcel> parcels, bool is_last_try) {
  std::vector<Outgoing> messages;
  messages.reserve(parcels.size());
  for (Parcel& each : parcels) messages.push_back(std::move(each.message));
  base::failpoint(base::Failpoint::queue_sqs_send_before);
  auto answer = options_.caller({.operation = "SendMessageBatch",
                                 .body = send_batch_request(options_.queue_url, messages),
                                 .timeout = kCallTimeout,
                                 .iam_action = "sqs:SendMessage",
                                 .stop = give_up_.get_token()});
  base::failpoint(base::Failpoint::queue_sqs_send_after);
  for (std::size_t i = 0; i < parcels.size(); ++i) parcels[i].message = std::move(messages[i]);
  if (!answer) return take_failure(std::move(parcels), answer.error(), is_last_try);
  auto results = read_batch_answer(answer->body);
  if (!results) {
    complaints_.failed(Action::send, results.error());
    for (Parcel& each : parcels) answer_failure(each, results.error());
    return {};
  }
  return sort_results(std::move(parcels), *results, is_last_try);
}

std::vector<Sender::Parcel> Sender::take_failure(std::vector<Parcel> parcels, const aws::Failure& failure,
                                                 bool is_last_try) {
  // Ours count a batch's bytes as the API's pages say; where SQS counts otherwise, halves are smaller.
  if (is_code(failure.code, "BatchRequestTooLong") && parcels.size() > 1) {
    const auto half = static_cast<std::ptrdiff_t>(parcels.size() / 2);
    std::vector<Parcel> second(std::make_move_iterator(parcels.begin() + half), std::make_move_iterator(parcels.end()));
    parcels.erase(parcels.begin() + half, parcels.end());
    std::vector<Parcel> left = try_once(std::move(parcels), is_last_try);
    std::vector<Parcel> more = try_once(std::move(second), is_last_try);
    std::ranges::move(more, std::back_inserter(left));
    return left;
  }
  complaints_.failed(Action::send, failure);
  for (Parcel& each : parcels) answer_failure(each, failure.error);
  return {};
}

std::vector<Sender::Parcel> Sender::sort_results(std::vector<Parcel> parcels, const BatchAnswer& answer,
                                                 bool is_last_try) {
  for (const BatchAnswer::Success& each : answer.successes) {
    if (each.index >= parcels.size()) continue;
    answer_success(parcels[each.index], md5_hex(parcels[each.index].message.text), each);
  }
  // What stands in neither list was answered by half: again, as a copy in the queue does no harm.
  std::vector<std::optional<base::Error>> errors(parcels.size());
  std::vector<bool> is_final(parcels.size(), is_last_try);
  for (const BatchAnswer::Failed& each : answer.failures) {
    if (each.index >= parcels.size()) continue;
    errors[each.index] = entry_error(each, "SendMessageBatch", complaints_.place());
    if (!is_worth_retrying(each)) is_final[each.index] = true;
  }
  std::vector<Parcel> again;
  for (std::size_t i = 0; i < parcels.size(); ++i) {
    if (parcels[i].dones.empty()) continue;  // answered
    if (!is_final[i]) {
      again.push_back(std::move(parcels[i]));
      continue;
    }
    const base::Error error = errors[i].value_or(base::Error{
        ErrorKind::unavailable, "SQS left an entry out of its answer to SendMessageBatch", complaints_.place(), {}});
    complaints_.failed(Action::send, error);
    answer_failure(parcels[i], error);
  }
  return again;
}

void Sender::answer_success(Parcel& parcel, const std::string& our_sum, const BatchAnswer::Success& success) {
  if (digests_agree(our_sum, success.md5_of_body) && digests_agree(md5_of_attributes_, success.md5_of_attributes)) {
    complaints_.succeeded(Action::send);
    return answer_all(parcel.dones, {});
  }
  const base::Error error{ErrorKind::unavailable, "SQS stored other bytes than we sent (MD5 differs)",
                          complaints_.place(), "Something on the way changes requests: look for a proxy"};
  complaints_.failed(Action::send, error);
  answer_failure(parcel, error);
}

void Sender::answer_failure(Parcel& parcel, const base::Error& error) {
  answer_all(parcel.dones, base::fail(error));
}

void Sender::close(std::chrono::milliseconds limit) {
  const std::lock_guard lock(close_mutex_);
  inbox_.close();
  inbox_.wait_until_empty(std::chrono::steady_clock::now() + limit);
  give_up_.request_stop();
  threads_.clear();
}

}  // namespace twinshift::queue::sqs
