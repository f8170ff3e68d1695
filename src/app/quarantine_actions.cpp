#include "app/quarantine_actions.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <future>
#include <map>
#include <optional>
#include <utility>

namespace twinshift::app {
namespace {

using base::ErrorKind;

// A file's answer. Longer means that its disk hangs.
constexpr std::chrono::seconds kStoreMax{5};

base::Error no_answer() {
  return {ErrorKind::unavailable, "a file of the data folder does not answer", "quarantine",
          "Look at the disk, then try again: nothing is lost"};
}

// Waits for one callback. The callback may come later than anybody waits for it.
template <class T>
class Answer {
 public:
  auto callback() {
    return [promise = promise_](T result) { promise->set_value(std::move(result)); };
  }
  T wait() {
    std::future<T> future = promise_->get_future();
    if (future.wait_for(kStoreMax) != std::future_status::ready) return base::fail(no_answer());
    return future.get();
  }

 private:
  std::shared_ptr<std::promise<T>> promise_ = std::make_shared<std::promise<T>>();
};

std::optional<quarantine::Ticket> parse_ticket(std::string_view text) {
  quarantine::Ticket ticket;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto id = std::from_chars(begin, end, ticket.id);
  if (id.ec != std::errc() || id.ptr == end || *id.ptr != ' ') return std::nullopt;
  const auto tries = std::from_chars(id.ptr + 1, end, ticket.tries);
  if (tries.ec != std::errc() || tries.ptr != end) return std::nullopt;
  return ticket;
}

control::Reply reply_of(const base::Result<std::uint64_t>& result) {
  if (result) return {true, std::to_string(*result)};
  return {false, result.error().text()};
}

}  // namespace

std::string text_of(const quarantine::Ticket& ticket) {
  return std::to_string(ticket.id) + ' ' + std::to_string(ticket.tries);
}

base::Status QuarantineActions::send_to_queue(std::vector<event::EventPtr> events) {
  std::vector<Answer<base::Status>> answers(events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    const event::Event& event = *events[i];
    parts_.queue->enqueue({.body = event.json, .message_id = event.message_id, .received_at = event.received_at},
                          answers[i].callback());
  }
  base::Status outcome;
  for (Answer<base::Status>& answer : answers) {
    base::Status each = answer.wait();
    if (!each && outcome) outcome = std::move(each);
  }
  return outcome;
}

base::Status QuarantineActions::send(const std::string& target, std::vector<event::EventPtr> events) {
  if (target == "primary") return send_to_queue(std::move(events));
  const auto found = std::ranges::find(parts_.backlogs, target, &backlog::Backlog::target);
  if (found == parts_.backlogs.end()) {
    return base::fail(ErrorKind::not_found, "there is no target '" + target + "' here", "quarantine",
                      "Configure it, and enable the consumer (ENABLE_SQS_CONSUMER)");
  }
  Answer<base::Status> parked;
  (*found)->park(std::move(events), parked.callback());
  return parked.wait();
}

base::Result<std::uint64_t> QuarantineActions::replay(const std::vector<quarantine::Ticket>& tickets) {
  auto reader = parts_.open_reader();
  if (!reader) return base::fail(std::move(reader.error()));
  std::uint64_t gone = 0;
  // One after the other in memory: an event may be 1 MiB.
  for (const quarantine::Ticket& ticket : tickets) {
    auto record = (*reader)->find(ticket.id);
    if (!record && record.error().kind == ErrorKind::not_found) continue;
    if (!record) return base::fail(std::move(record.error()));
    if (record->tries != ticket.tries) continue;
    auto event = event::decode_event(std::move(record->json), std::move(record->message_id), record->received_at,
                                     parts_.identity);
    if (!event) return base::fail(std::move(event.error()));
    if (auto sent = send(record->target, {std::move(*event)}); !sent) return base::fail(std::move(sent.error()));
    auto removed = drop({ticket});
    if (!removed) return base::fail(std::move(removed.error()));
    gone += *removed;
  }
  return gone;
}

base::Result<std::uint64_t> QuarantineActions::drop(const std::vector<quarantine::Ticket>& tickets) {
  Answer<base::Result<std::uint64_t>> removed;
  parts_.quarantine->remove(tickets, removed.callback());
  return removed.wait();
}

control::Reply QuarantineActions::answer(const control::Request& request) {
  std::vector<quarantine::Ticket> tickets;
  for (const std::string& argument : request.arguments) {
    const auto ticket = parse_ticket(argument);
    if (!ticket || tickets.size() >= kTicketsMax) return {false, "the request was not understood"};
    tickets.push_back(*ticket);
  }
  if (request.verb == kReplayVerb) return reply_of(replay(tickets));
  if (request.verb == kDropVerb) return reply_of(drop(tickets));
  return {false, "this version of the service does not know '" + request.verb + "'"};
}

}  // namespace twinshift::app
