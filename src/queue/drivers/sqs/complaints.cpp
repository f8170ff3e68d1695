#include "queue/drivers/sqs/complaints.hpp"

#include <chrono>
#include <string_view>

#include "queue/drivers/sqs/calls.hpp"

namespace twinshift::queue::sqs {
namespace {

constexpr std::chrono::minutes kRightRetry{10};

std::string_view title(Action action) {
  switch (action) {
    case Action::send:
      return "Failed to push data to SQS";
    case Action::receive:
      return "Failed to receive messages from SQS";
    case Action::receive_check:
      return "A message from SQS cannot be used";
    case Action::erase:
      return "Failed to delete messages from SQS";
    case Action::change_visibility:
      return "Failed to change the visibility of messages in SQS";
    case Action::read_attributes:
      return "Failed to read the attributes of the SQS queue";
    case Action::renew:
      return "Failed to look for messages in SQS that are near the end of their retention";
  }
  return "SQS";
}

// What we do without a right that we can do without; empty for those that we need.
std::string_view without(Action action) {
  if (action == Action::change_visibility) {
    return "without it a message that is given back comes again only when its lease runs out, and work that takes "
           "longer than QUEUE_LEASE_TIMEOUT is done twice (its rows still stand once)";
  }
  if (action == Action::read_attributes) {
    return "without it the depth of the queue is not known, and its settings are not checked";
  }
  return {};
}

}  // namespace

void Complaints::failed(Action action, const aws::Failure& failure) {
  const std::string_view loss = without(action);
  if (loss.empty() || !is_denied(failure)) return failed(action, failure.error);
  bool tell = false;
  {
    const std::lock_guard lock(mutex_);
    State& mine = state(action);
    mine.denied_at = std::chrono::steady_clock::now();
    tell = !std::exchange(mine.denial_told, true);
  }
  if (tell)
    base::log::warn("A right is missing; going on without it")
        .add("queue", place_)
        .add("effect", loss)
        .add(failure.error);
}

void Complaints::failed(Action action, const base::Error& error) {
  std::optional<std::uint64_t> count;
  {
    const std::lock_guard lock(mutex_);
    State& mine = state(action);
    mine.error = error;
    count = mine.throttle.pass(error.message, std::chrono::steady_clock::now());
  }
  if (!count || action == Action::receive || error.kind == base::ErrorKind::cancelled) return;
  base::log::error(title(action)).add("queue", place_).add("count", *count).add(error);
}

void Complaints::succeeded(Action action) {
  const std::lock_guard lock(mutex_);
  state(action).error.reset();
  state(action).denied_at.reset();
}

bool Complaints::may_try(Action action) const {
  const std::lock_guard lock(mutex_);
  const auto& denied_at = state(action).denied_at;
  return !denied_at || std::chrono::steady_clock::now() - *denied_at >= kRightRetry;
}

std::optional<base::Error> Complaints::last(Action action) const {
  const std::lock_guard lock(mutex_);
  return state(action).error;
}

}  // namespace twinshift::queue::sqs
