#include "app/quarantine_actions.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "app/turns.hpp"
#include "base/failpoint.hpp"
#include "warehouse/markers.hpp"

namespace twinshift::app {
namespace {

using base::ErrorKind;

// A queue's or a backlog's answer. Longer means that its disk hangs, or SQS is out of reach.
constexpr std::chrono::seconds kStoreMax{15};
// The quarantine's, where it stands in a queue: it is read to its end (180 s at most), then deleted from (30 s).
constexpr std::chrono::seconds kRemovalMax{240};
static_assert(kTurnMax + kStoreMax + kRemovalMax < control::kAnswerMax);

base::Error no_answer() {
  return {ErrorKind::unavailable, "a queue or file that the quarantine needs does not answer", "quarantine",
          "Look at its disk, or at SQS, then try again: nothing is lost"};
}

base::Error stopping() {
  return {ErrorKind::cancelled, "the service is stopping", "quarantine", "Try again when it runs: nothing is lost"};
}

// Waits for one callback. The callback may come later than anybody waits for it.
template <class T>
class Answer {
 public:
  auto callback() {
    return [box = box_](T result) {
      {
        const std::lock_guard lock(box->mutex);
        box->result = std::move(result);
      }
      box->filled.notify_all();
    };
  }
  T wait(std::chrono::milliseconds limit, const std::stop_token& stop) {
    std::unique_lock lock(box_->mutex);
    box_->filled.wait_for(lock, stop, limit, [this] { return box_->result.has_value(); });
    if (box_->result) return std::move(*box_->result);
    return base::fail(stop.stop_requested() ? stopping() : no_answer());
  }

 private:
  struct Box {
    std::mutex mutex;
    std::condition_variable_any filled;
    std::optional<T> result;
  };
  std::shared_ptr<Box> box_ = std::make_shared<Box>();
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

control::Reply reply_of(const base::Result<std::uint64_t>& gone) {
  if (gone) return {true, std::to_string(*gone)};
  return {false, gone.error().text()};
}

control::Reply reply_of(const base::Result<Replayed>& replayed) {
  if (replayed) return {true, std::to_string(replayed->sent) + ' ' + std::to_string(replayed->stay)};
  return {false, replayed.error().text()};
}

}  // namespace

std::string text_of(const quarantine::Ticket& ticket) {
  return std::to_string(ticket.id) + ' ' + std::to_string(ticket.tries);
}

base::Status QuarantineActions::send_to_queue(std::vector<event::EventPtr> events) {
  std::vector<Answer<base::Status>> answers(events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    const event::Event& event = *events[i];
    parts_.queue->enqueue(
        {.body = event.json, .message_id = event.message_id, .received_at = event.received_at, .again = true},
        answers[i].callback());
  }
  base::Status outcome;
  for (Answer<base::Status>& answer : answers) {
    base::Status each = answer.wait(kStoreMax, stop_.get_token());
    if (!each && outcome) outcome = std::move(each);
  }
  return outcome;
}

base::Status QuarantineActions::send(const std::string& target, std::vector<event::EventPtr> events) {
  if (target == "primary" || std::ranges::find(parts_.through_queue, target) != parts_.through_queue.end())
    return send_to_queue(std::move(events));
  const auto found = std::ranges::find(parts_.backlogs, target, &backlog::Backlog::target);
  if (found == parts_.backlogs.end()) {
    return base::fail(ErrorKind::not_found, "there is no target '" + target + "' here", "quarantine",
                      "Configure it, and enable the consumer (ENABLE_SQS_CONSUMER)");
  }
  Answer<base::Status> parked;
  (*found)->park(std::move(events), parked.callback());
  return parked.wait(kStoreMax, stop_.get_token());
}

base::Result<Replayed> QuarantineActions::replay(const std::vector<quarantine::Ticket>& tickets) {
  // What lands is not waived, though somebody wanted to drop it before and was interrupted.
  for (const quarantine::Ticket& ticket : tickets) {
    if (!parts_.books) break;
    if (auto kept = parts_.books->settle_drop(ticket.id, false); !kept) return base::fail(std::move(kept.error()));
  }
  std::vector<quarantine::Ticket> sent;
  auto outcome = send_all(tickets, sent);
  base::Result<std::uint64_t> gone = std::uint64_t{0};
  if (!sent.empty()) {
    base::failpoint(base::Failpoint::quarantine_replay_sent);
    gone = drop(sent);
  }
  if (!outcome) return base::fail(std::move(outcome.error()));
  if (!gone) return base::fail(std::move(gone.error()));
  return Replayed{.sent = sent.size(), .stay = sent.size() - std::min<std::uint64_t>(sent.size(), *gone)};
}

base::Status QuarantineActions::send_all(const std::vector<quarantine::Ticket>& tickets,
                                         std::vector<quarantine::Ticket>& sent) {
  auto reader = parts_.open_reader(stop_.get_token());
  if (!reader) return base::fail(std::move(reader.error()));
  // One after the other in memory: an event may be 1 MiB.
  for (const quarantine::Ticket& ticket : tickets) {
    if (stop_.stop_requested()) return base::fail(stopping());
    auto record = (*reader)->find(ticket.id);
    if (!record && record.error().kind == ErrorKind::not_found) continue;
    if (!record) return base::fail(std::move(record.error()));
    if (auto done = send_arrivals(*record); !done) return done;
    // As it was read now: a refusal since the command's look adds to the record, and is sent with it.
    sent.push_back({record->id, record->tries});
  }
  return {};
}

base::Status QuarantineActions::send_arrivals(const quarantine::Record& record) {
  for (const quarantine::Arrival& arrival : quarantine::arrivals_of(record)) {
    // Under the record's own message id: with EVENT_IDENTITY=message it is the event's identity.
    auto event = event::decode_event(record.json, record.message_id, arrival.received_at, parts_.identity);
    if (!event) return base::fail(std::move(event.error()));
    if (auto done = send(record.target, {std::move(*event)}); !done) return done;
  }
  return {};
}

base::Result<std::uint64_t> QuarantineActions::drop(const std::vector<quarantine::Ticket>& tickets) {
  Answer<base::Result<std::uint64_t>> removed;
  parts_.quarantine->remove(tickets, removed.callback());
  return removed.wait(kRemovalMax, stop_.get_token());
}

base::Status settle_planned_drops(books::BooksFile& books, quarantine::Reader& reader) {
  auto planned = books.planned_drops();
  if (!planned) return base::fail(std::move(planned.error()));
  for (const std::int64_t record : *planned) {
    const auto left = reader.find(record);
    if (!left && left.error().kind != ErrorKind::not_found) return base::fail(left.error());
    if (auto settled = books.settle_drop(record, !left); !settled) return settled;
  }
  return {};
}

base::Result<std::uint64_t> QuarantineActions::give_up(const std::vector<quarantine::Ticket>& tickets) {
  if (!parts_.books) return drop(tickets);
  auto reader = parts_.open_reader(stop_.get_token());
  if (!reader) return base::fail(std::move(reader.error()));
  std::vector<books::BooksFile::PlannedDrop> planned;
  for (const quarantine::Ticket& ticket : tickets) {
    const auto record = (*reader)->find(ticket.id);
    if (!record || record->tries != ticket.tries) continue;
    planned.push_back({record->id, record->target, {}});
    for (const quarantine::Arrival& arrival : quarantine::arrivals_of(*record))
      ++planned.back().messages[warehouse::hour_of(arrival.received_at)];
  }
  if (auto noted = parts_.books->plan_drops(planned); !noted) return base::fail(std::move(noted.error()));
  auto gone = drop(tickets);
  base::failpoint(base::Failpoint::quarantine_drop_removed);
  // Not answered in time, the removal may still come: the next drop or start settles it.
  if (!gone) return gone;
  if (auto told = settle_planned_drops(*parts_.books, **reader); !told) return base::fail(std::move(told.error()));
  return gone;
}

control::Reply QuarantineActions::answer(const control::Request& request) {
  const bool replays = request.verb == kReplayVerb;
  if (!replays && request.verb != kDropVerb) {
    return {false, "this version of the service does not know '" + request.verb + "'"};
  }
  std::vector<quarantine::Ticket> tickets;
  for (const std::string& argument : request.arguments) {
    const auto ticket = parse_ticket(argument);
    if (!ticket || tickets.size() >= kTicketsMax) return {false, "the request was not understood"};
    tickets.push_back(*ticket);
  }
  return replays ? reply_of(replay(tickets)) : reply_of(give_up(tickets));
}

}  // namespace twinshift::app
