#include "proof/store_debts.hpp"

#include <unordered_map>
#include <utility>

#include "event/identity.hpp"

namespace twinshift::proof {

base::Status StoreDebts::go_on() const {
  if (!stop_.stop_requested()) return {};
  return base::fail(base::ErrorKind::cancelled, "the service is stopping", "what is owed", "Ask again once it runs");
}

// What waits in the queue may have landed in either target: it is owed to both until it is deleted.
base::Result<bool> StoreDebts::each_waiting(const Show& show) {
  auto told = parts_.queue->visit([&](std::span<const queue::Message> messages) {
    for (const queue::Message& message : messages) {
      const auto event = event::decode_event(message.body, message.message_id, message.received_at, parts_.identity);
      if (event) show({(*event)->id, (*event)->event_at});  // anything else lands nowhere
    }
    return !stop_.stop_requested();
  });
  if (auto on = go_on(); !on) return base::fail(std::move(on.error()));
  if (!told || *told) return told;
  const queue::QueueStatus status = parts_.queue->status();
  return status.depth_known && status.depth + status.dead_lettered + status.spooled == 0;
}

base::Result<Owing> StoreDebts::each_owed(const std::string& target, const Show& show) {
  // The queue first: what it hands over to the backlog meanwhile is then seen twice, not missed.
  auto waiting = each_waiting(show);
  if (!waiting) return base::fail(std::move(waiting.error()));
  const auto backlog = parts_.backlogs.find(target);
  const Owing beyond = *waiting ? Owing::no : Owing::perhaps;
  if (backlog == parts_.backlogs.end()) return beyond;
  auto told = backlog->second->visit([&](std::span<const backlog::OwedEvent> owed) {
    for (const backlog::OwedEvent& each : owed) show({each.id, each.event_at});
    return !stop_.stop_requested();
  });
  if (auto on = go_on(); !on) return base::fail(std::move(on.error()));
  if (!told) return base::fail(std::move(told.error()));
  return *told || backlog->second->status().owed == 0 ? beyond : Owing::unknown;
}

base::Result<Digests> StoreDebts::owed(const std::string& target, const Span& span, std::chrono::seconds window) {
  Digests digests;
  auto told = each_owed(target, [&](const Owed& owed) {
    if (owed.event_at < span.from || owed.event_at >= span.to) return;
    digests[window_of(owed.event_at, window)].add(event::key_of(owed.id));
  });
  if (!told) return base::fail(std::move(told.error()));
  return digests;
}

base::Result<std::vector<Owing>> StoreDebts::owes(const std::string& target, std::span<const std::string> ids) {
  std::unordered_map<std::string_view, std::size_t> asked;
  for (std::size_t i = 0; i < ids.size(); ++i) asked.emplace(ids[i], i);
  std::vector<Owing> answers(ids.size(), Owing::no);
  auto told = each_owed(target, [&](const Owed& owed) {
    const auto found = asked.find(owed.id.hex());
    if (found != asked.end()) answers[found->second] = Owing::yes;
  });
  if (!told) return base::fail(std::move(told.error()));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    answers[i] = answers[asked.at(ids[i])];  // one that was asked for twice was found once
    if (answers[i] == Owing::no) answers[i] = *told;
  }
  return answers;
}

}  // namespace twinshift::proof
