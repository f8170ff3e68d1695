#include "app/trace_waiting.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "app/reply_words.hpp"
#include "base/ids.hpp"
#include "event/event.hpp"

namespace twinshift::app {
namespace {

using std::chrono::steady_clock;

constexpr std::string_view kInstallKey = "appsflyer_id";
constexpr std::string_view kQueue = "queue";
// The words of an answer: a letter, then what it is followed by.
constexpr std::string_view kQueued = "q";      // event, received, event_at (microseconds), message id in hex
constexpr std::string_view kOwed = "o";        // target, event
constexpr std::string_view kCannotTell = "u";  // who
constexpr std::string_view kMore = "m";

bool holds(const std::vector<std::string>& texts, std::string_view text) {
  return std::ranges::find(texts, text) != texts.end();
}

// Decoding costs far more than this: a message that neither names the text nor could spell it by escapes is left out.
bool may_match(const queue::Message& message, const WaitingQuestion& question) {
  if (!question.events.empty() || message.message_id == question.text) return true;
  return message.body.find(question.text) != std::string::npos || message.body.find('\\') != std::string::npos;
}

bool is_of_install(const event::Event& event, std::string_view install) {
  if (install.empty()) return false;
  const auto field = std::find_if(event.fields.rbegin(), event.fields.rend(),
                                  [](const event::Field& each) { return each.key == kInstallKey; });
  return field != event.fields.rend() && field->text == install;
}

void look_at(const queue::Message& message, event::IdentityMode identity, const WaitingQuestion& question,
             WaitingAnswer& answer) {
  if (!may_match(message, question)) return;
  const auto event = event::decode_event(message.body, message.message_id, message.received_at, identity);
  if (!event) return;
  const std::string id = (*event)->id.hex();
  const bool by_text = !question.text.empty() && message.message_id == question.text;
  if (!by_text && !holds(question.events, id) && !is_of_install(**event, question.text)) return;
  answer.queued.push_back({id, message.message_id, message.received_at, (*event)->event_at});
}

// Asked between the pages of one store.
class TimeLeft {
 public:
  explicit TimeLeft(const WaitingLimits& limits) : stop_(limits.stop), until_(steady_clock::now() + limits.look_max) {}
  [[nodiscard]] bool any() const { return !stop_.stop_requested() && steady_clock::now() < until_; }

 private:
  const std::stop_token stop_;
  const steady_clock::time_point until_;
};

void look_into_queue(const proof::StoreDebts::Parts& stores, const WaitingQuestion& question, const TimeLeft& time,
                     WaitingAnswer& answer) {
  bool in_time = true;
  const auto told = stores.queue->visit([&](std::span<const queue::Message> messages) {
    for (const queue::Message& message : messages) {
      if (answer.queued.size() > kTraceEventsMax) return false;
      look_at(message, stores.identity, question, answer);
    }
    in_time = time.any();
    return in_time;
  });
  answer.more = answer.queued.size() > kTraceEventsMax;
  if (answer.more) answer.queued.resize(kTraceEventsMax);
  if (told && *told && in_time) return;
  const queue::QueueStatus status = stores.queue->status();
  const bool empty = status.depth_known && status.depth + status.dead_lettered + status.spooled == 0;
  if (!told || !empty) answer.cannot_tell.emplace_back(kQueue);
}

void look_into_backlog(const std::string& target, backlog::Backlog& owed, const WaitingQuestion& question,
                       const TimeLeft& time, WaitingAnswer& answer) {
  bool in_time = true;
  const auto told = owed.visit([&](std::span<const backlog::OwedEvent> events) {
    for (const backlog::OwedEvent& each : events) {
      const std::string id = each.id.hex();
      if (!holds(question.events, id)) continue;
      const std::pair<std::string, std::string> found{target, id};
      if (std::ranges::find(answer.owed, found) == answer.owed.end()) answer.owed.push_back(found);
    }
    in_time = time.any();
    return in_time;
  });
  if (!(told && *told && in_time) && (!told || owed.status().owed > 0)) answer.cannot_tell.push_back(target);
}

std::optional<std::string> from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string text;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    unsigned byte = 0;
    const auto [end, fault] = std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    if (fault != std::errc() || end != hex.data() + i + 2) return std::nullopt;
    text += static_cast<char>(byte);
  }
  return text;
}

std::optional<base::WallTime> time_in(std::string_view word) {
  std::int64_t microseconds = 0;
  const auto [end, fault] = std::from_chars(word.data(), word.data() + word.size(), microseconds);
  if (fault != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return base::WallTime(std::chrono::microseconds(microseconds));
}

base::Error other_version() {
  return {base::ErrorKind::conflict, "the service's answer was not understood", "queue and backlog",
          "Service and command must be of one version"};
}

std::optional<WaitingMessage> waiting_in(std::span<const std::string_view> words) {
  const auto received_at = time_in(words[1]);
  const auto event_at = time_in(words[2]);
  // A message id may be empty; an empty word could not be told from none, so "x" stands before the digits.
  if (words[3].empty()) return std::nullopt;
  const auto message_id = from_hex(words[3].substr(1));
  if (!received_at || !event_at || !message_id) return std::nullopt;
  return WaitingMessage{std::string(words[0]), *message_id, *received_at, *event_at};
}

// How many words follow a letter; nothing for a letter that is none of ours.
std::optional<std::size_t> words_behind(std::string_view letter) {
  if (letter == kQueued) return 4;
  if (letter == kOwed) return 2;
  if (letter == kCannotTell) return 1;
  if (letter == kMore) return 0;
  return std::nullopt;
}

bool add_to(WaitingAnswer& answer, std::string_view letter, std::span<const std::string_view> words) {
  if (letter == kQueued) {
    auto waiting = waiting_in(words);
    if (waiting) answer.queued.push_back(std::move(*waiting));
    return waiting.has_value();
  }
  if (letter == kOwed) answer.owed.emplace_back(words[0], words[1]);
  if (letter == kCannotTell) answer.cannot_tell.emplace_back(words[0]);
  if (letter == kMore) answer.more = true;
  return true;
}

}  // namespace

WaitingAnswer look_for_waiting(const proof::StoreDebts::Parts& stores, const WaitingQuestion& question,
                               const WaitingLimits& limits) {
  WaitingAnswer answer;
  // The queue first: what it hands over to a backlog meanwhile is then seen twice, not missed.
  if (stores.queue != nullptr) look_into_queue(stores, question, TimeLeft(limits), answer);
  if (question.events.empty()) return answer;
  for (const auto& [target, owed] : stores.backlogs) {
    look_into_backlog(target, *owed, question, TimeLeft(limits), answer);
  }
  return answer;
}

control::Request waits_request(const WaitingQuestion& question) {
  control::Request request{kWaitsVerb, {'x' + base::to_hex(question.text)}};
  request.arguments.insert(request.arguments.end(), question.events.begin(), question.events.end());
  return request;
}

control::Reply answer_waits(const proof::StoreDebts::Parts& stores, const control::Request& request,
                            std::stop_token stop) {
  const bool complete = !request.arguments.empty() && request.arguments.size() <= kTraceEventsMax + 1;
  const auto text = complete && !request.arguments[0].empty() ? from_hex(request.arguments[0].substr(1)) : std::nullopt;
  if (!text) return {false, "the request was not understood. Service and command must be of one version"};
  const WaitingAnswer answer =
      look_for_waiting(stores, {*text, {request.arguments.begin() + 1, request.arguments.end()}},
                       {.look_max = kWaitingLookMax, .stop = std::move(stop)});
  std::string words;
  for (const WaitingMessage& each : answer.queued) {
    words += fmt::format("{} {} {} {} x{} ", kQueued, each.event_id, each.received_at.time_since_epoch().count(),
                         each.event_at.time_since_epoch().count(), base::to_hex(each.message_id));
  }
  for (const auto& [target, event] : answer.owed) words += fmt::format("{} {} {} ", kOwed, target, event);
  for (const std::string& who : answer.cannot_tell) words += fmt::format("{} {} ", kCannotTell, who);
  if (answer.more) words += kMore;
  return {true, std::move(words)};
}

base::Result<WaitingAnswer> read_waits_answer(const control::Reply& reply) {
  if (!reply.ok) {
    return base::fail(base::ErrorKind::conflict, "the service says: " + reply.text, "queue and backlog");
  }
  const auto words = words_of(reply.text);
  WaitingAnswer answer;
  for (std::size_t at = 0; at < words.size();) {
    const std::string_view letter = words[at++];
    const auto behind = words_behind(letter);
    if (!behind || words.size() - at < *behind) return base::fail(other_version());
    if (!add_to(answer, letter, std::span(words).subspan(at, *behind))) return base::fail(other_version());
    at += *behind;
  }
  return answer;
}

}  // namespace twinshift::app
