#include "queue/drivers/sqs/settler.hpp"

#include <algorithm>
#include <utility>

#include "base/backoff.hpp"
#include "base/failpoint.hpp"
#include "base/thread.hpp"
#include "queue/drivers/sqs/retry_pause.hpp"

namespace twinshift::queue::sqs {
namespace {

using base::ErrorKind;

// Of an entry or call that failed for a while; the client retries each call three times by itself.
constexpr int kTriesMax = 4;
constexpr base::BackoffLimits kRetry{std::chrono::milliseconds(200), std::chrono::milliseconds(3'000)};
constexpr std::chrono::milliseconds kCallTimeout{10'000};
// Bounded by what can be lent (lent_max, and what stands in stock).
constexpr std::size_t kWaitingMax = 1'000'000;

GatherLimits limits_of(std::chrono::milliseconds gather_max) {
  return {.batch_entries_max = kBatchEntriesMax,
          .batch_bytes_max = kMessageBytesMax,
          .gather_max = gather_max,
          .at_once_when_idle = false,
          .waiting_entries_max = kWaitingMax,
          .waiting_bytes_max = kWaitingMax};
}

// A change of visibility races against a lease or against someone who waits for the message.
constexpr std::chrono::milliseconds kChangeGatherMax{2};

}  // namespace

Settler::Settler(SettlerOptions options, Complaints& complaints)
    : options_(std::move(options)),
      complaints_(complaints),
      deletes_(limits_of(options_.gather_max)),
      changes_(limits_of(kChangeGatherMax)) {
  const std::string name = options_.thread_name + "-settle";
  for (std::size_t i = 0; i < options_.threads; ++i) {
    threads_.push_back(base::start_thread(name, [this](const std::stop_token&) { run(deletes_, Action::erase); }));
  }
  for (std::size_t i = 0; i < std::max<std::size_t>(1, options_.threads / 2); ++i) {
    threads_.push_back(
        base::start_thread(name, [this](const std::stop_token&) { run(changes_, Action::change_visibility); }));
  }
}

Settler::~Settler() {
  close(std::chrono::milliseconds(0));
}

void Settler::settle(std::vector<Settling> settlings, Done done) {
  const auto is_delete = [](const Settling& each) { return !each.visibility; };
  const auto deletes = static_cast<std::size_t>(std::ranges::count_if(settlings, is_delete));
  const bool may_change = complaints_.may_try(Action::change_visibility);
  std::shared_ptr<GroupDone> group;
  if (deletes == 0) {
    done({});
  } else {
    group = std::make_shared<GroupDone>(deletes, std::move(done));
  }
  for (Settling& each : settlings) {
    Entry entry{.handle = std::move(each.handle)};
    if (is_delete(each)) {
      entry.group = group;
      if (deletes_.put(entry) == Put::taken) continue;
      entry.group->part(base::fail(ErrorKind::cancelled, "the queue is closing", complaints_.place(),
                                   "The messages come again when their leases run out"));
    } else if (may_change) {
      entry.visibility = *each.visibility;
      changes_.put(entry);  // closed: the message comes again when its lease runs out
    }
  }
}

void Settler::run(Gatherer<Entry>& inbox, Action action) {
  for (;;) {
    Entries entries = inbox.take();
    if (entries.empty()) return;
    const std::size_t count = entries.size();
    carry_out(std::move(entries), action);
    inbox.finished(count, 0);
  }
}

void Settler::carry_out(Entries entries, Action action) {
  for (int tries = 1; !entries.empty(); ++tries) {
    entries = try_once(std::move(entries), action, tries >= kTriesMax || give_up_.stop_requested());
    if (!entries.empty()) pause_before_retry(kRetry, tries, give_up_.get_token());
  }
}

aws::Outcome<aws::Answer> Settler::call(const Entries& entries, Action action) {
  aws::Call call{.operation = "DeleteMessageBatch",
                 .body = {},
                 .timeout = kCallTimeout,
                 .iam_action = "sqs:DeleteMessage",
                 .stop = give_up_.get_token()};
  if (action == Action::erase) {
    std::vector<std::string> handles;
    for (const Entry& each : entries) handles.push_back(each.handle);
    call.body = delete_batch_request(options_.queue_url, handles);
  } else {
    std::vector<VisibilityChange> changes;
    for (const Entry& each : entries) changes.push_back({each.handle, each.visibility});
    call.operation = "ChangeMessageVisibilityBatch";
    call.iam_action = "sqs:ChangeMessageVisibility";
    call.body = visibility_batch_request(options_.queue_url, changes);
  }
  return options_.caller(call);
}

Settler::Entries Settler::try_once(Entries entries, Action action, bool is_last_try) {
  const auto end = [](Entry& entry, const base::Status& status) {
    if (auto group = std::exchange(entry.group, nullptr)) group->part(status);
    entry.handle.clear();
  };
  if (action == Action::erase) base::failpoint(base::Failpoint::queue_sqs_delete_before);
  auto answer = call(entries, action);
  if (action == Action::erase) base::failpoint(base::Failpoint::queue_sqs_delete_after);
  auto results = answer ? read_batch_answer(answer->body) : base::Result<BatchAnswer>(base::fail(answer.error().error));
  if (!results) {
    if (!answer) complaints_.failed(action, answer.error());
    if (answer) complaints_.failed(action, results.error());
    const bool is_hopeless = is_last_try || (!answer && is_denied(answer.error()));
    if (!is_hopeless) return entries;
    for (Entry& each : entries) end(each, base::fail(results.error()));
    return {};
  }
  for (const BatchAnswer::Success& each : results->successes) {
    if (each.index < entries.size()) end(entries[each.index], {});
  }
  if (!results->successes.empty()) complaints_.succeeded(action);
  for (const BatchAnswer::Failed& each : results->failures) {
    if (each.index >= entries.size()) continue;
    Entry& entry = entries[each.index];
    if (is_stale(each)) {
      end(entry, {});
    } else if (is_last_try || !is_worth_retrying(each)) {
      const auto name = action == Action::erase ? "DeleteMessageBatch" : "ChangeMessageVisibilityBatch";
      const base::Error error = entry_error(each, name, complaints_.place());
      complaints_.failed(action, error);
      end(entry, base::fail(error));
    }
  }
  std::erase_if(entries, [](const Entry& each) { return each.handle.empty(); });
  if (!is_last_try) return entries;
  const base::Error missing{ErrorKind::unavailable, "SQS left an entry out of its answer", complaints_.place(), {}};
  for (Entry& each : entries) end(each, base::fail(missing));
  return {};
}

void Settler::close(std::chrono::milliseconds limit) {
  const std::lock_guard lock(close_mutex_);
  const auto until = std::chrono::steady_clock::now() + limit;
  deletes_.close();
  changes_.close();
  deletes_.wait_until_empty(until);
  changes_.wait_until_empty(until);
  give_up_.request_stop();
  threads_.clear();
}

}  // namespace twinshift::queue::sqs
