#include "app/erase_answer.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/log.hpp"

namespace twinshift::app {
namespace {

using base::ErrorKind;
using warehouse::EventPlace;

constexpr std::string_view kAll = "all";
constexpr std::string_view kSome = "some";
constexpr std::size_t kOrderArguments = 2;  // field, target; places follow

control::Reply not_understood() {
  return {false, "the request was not understood. Service and command must be of one version"};
}

base::Error other_version() {
  return {ErrorKind::conflict, "the service's answer was not understood", "erase",
          "Service and command must be of one version"};
}

// The lane may run on when nobody waits for it any more.
struct LaneErase {
  std::vector<EventPlace> places;
  std::uint64_t rows = 0;
};

base::Result<std::uint64_t> erase_in_lane(delivery::Delivery& delivery, const std::string& target,
                                          std::span<const EventPlace> places, std::chrono::milliseconds limit) {
  const auto work = std::make_shared<LaneErase>(LaneErase{{places.begin(), places.end()}, 0});
  auto job = [work](warehouse::Warehouse& warehouse) -> base::Status {
    auto rows = warehouse.erase(work->places);
    if (!rows) return base::fail(std::move(rows.error()));
    work->rows = *rows;
    return {};
  };
  auto done = delivery.run_in_lane(target, std::move(job), limit);
  if (!done) return base::fail(std::move(done.error()));
  return work->rows;
}

struct Order {
  std::string field;
  std::string target;
  std::vector<EventPlace> places;
};

std::optional<Order> parse_order(const control::Request& request) {
  const auto& arguments = request.arguments;
  if (arguments.size() < kOrderArguments || arguments.size() > kOrderArguments + kErasePlacesMax) return std::nullopt;
  Order order{arguments[0], arguments[1], {}};
  for (const std::string& text : std::span(arguments).subspan(kOrderArguments)) {
    const auto place = parse_place(text);
    if (!place) return std::nullopt;
    order.places.push_back(*place);
  }
  return order;
}

base::Result<ErasedPart> carry_out(delivery::Delivery& delivery, const Order& order) {
  const auto step = [&](std::span<const EventPlace> some, std::chrono::milliseconds limit) {
    return erase_in_lane(delivery, order.target, some, limit);
  };
  return erase_in_time(order.places, OrderTime(base::system_clock()), step);
}

}  // namespace

namespace {

base::Result<std::uint64_t> try_step(std::span<const EventPlace> some, const OrderTime& time, const EraseStep& step) {
  for (int tries = 1;; ++tries) {
    auto rows = step(some, time.job_max());
    if (rows || rows.error().kind != ErrorKind::throttled || tries == kEraseTriesMax) return rows;
  }
}

}  // namespace

base::Result<ErasedPart> erase_in_time(std::span<const EventPlace> events, const OrderTime& time,
                                       const EraseStep& step) {
  ErasedPart part;
  while (part.events < events.size() && (part.events == 0 || time.may_begin())) {
    const auto some = events.subspan(part.events, std::min(events.size() - part.events, warehouse::kRemovedMax));
    auto rows = try_step(some, time, step);
    if (!rows) return base::fail(std::move(rows.error()));
    part.rows += *rows;
    part.events += some.size();
  }
  return part;
}

base::Result<WaitingEvents> find_waiting(const proof::StoreDebts::Parts& stores, const Person& person,
                                         const std::stop_token& stop) {
  WaitingEvents found;
  auto told = stores.queue->visit([&](std::span<const queue::Message> messages) {
    for (const queue::Message& message : messages) {
      const auto event = event::decode_event(message.body, message.message_id, message.received_at, stores.identity);
      if (!event || !is_of(person, **event)) continue;
      if (found.events.size() == kWaitingMax) {
        found.all_told = false;
        return false;
      }
      found.events.push_back({(*event)->id, (*event)->event_at});
    }
    return !stop.stop_requested();
  });
  if (stop.stop_requested()) return base::fail(ErrorKind::cancelled, "the service is stopping", "erase", "Ask again");
  if (!told) return base::fail(std::move(told.error()));
  if (!*told) {
    const queue::QueueStatus status = stores.queue->status();
    found.all_told = status.depth_known && status.depth + status.dead_lettered + status.spooled == 0;
  }
  return found;
}

base::Status check_ids_only(const proof::StoreDebts::Parts& stores) {
  for (const auto& [target, owed] : stores.backlogs) {
    const auto storage = owed->status().storage;
    if (!storage || storage->ids_only == 0) continue;
    return base::fail(ErrorKind::conflict,
                      fmt::format("the backlog of {} owes {} events by id alone and reads them from the primary",
                                  target, storage->ids_only),
                      "erase", "Erase when " + target + " has got them: nothing was done");
  }
  return {};
}

control::Request erase_waiting_request(const Person& person) {
  return {kEraseWaitingVerb, {person.field + '=' + person.value}};
}

control::Request erase_request(const std::string& field, const std::string& target,
                               std::span<const EventPlace> events) {
  control::Request request{kEraseVerb, {field, target}};
  for (const EventPlace& place : events) request.arguments.push_back(text_of(place));
  return request;
}

control::Request note_erased_request(const std::string& target, std::span<const EventPlace> events) {
  control::Request request = erase_request("noted by the other target", target, events);
  request.verb = kNoteErasedVerb;
  return request;
}

base::Status erase_through(const AskService& ask, const control::Request& head, std::span<const EventPlace> events,
                           std::uint64_t& rows) {
  while (!events.empty()) {
    const auto some = events.first(std::min(events.size(), kErasePlacesMax));
    control::Request request = head;
    for (const EventPlace& place : some) request.arguments.push_back(text_of(place));
    auto reply = ask(request);
    if (!reply) return base::fail(std::move(reply.error()));
    auto erased = read_erase_answer(*reply, some.size());
    if (!erased) return base::fail(std::move(erased.error()));
    rows += erased->rows;
    events = events.subspan(erased->events);  // the rest, where the service had no more time
  }
  return {};
}

base::Status erase_on(warehouse::Warehouse& warehouse, std::span<const EventPlace> events, std::uint64_t& rows) {
  const EraseStep step = [&](std::span<const EventPlace> some, std::chrono::milliseconds) {
    return warehouse.erase(some);
  };
  while (!events.empty()) {
    auto erased = erase_in_time(events, OrderTime(base::system_clock()), step);
    if (!erased) return base::fail(std::move(erased.error()));
    rows += erased->rows;
    events = events.subspan(erased->events);
  }
  return {};
}

control::Reply answer_erase_waiting(const proof::StoreDebts::Parts& stores, const control::Request& request,
                                    const std::stop_token& stop) {
  const auto person = request.arguments.size() == 1 ? parse_person(request.arguments[0])
                                                    : base::Result<Person>(base::fail(other_version()));
  if (!person) return not_understood();
  const auto found = find_waiting(stores, *person, stop);
  if (!found) return {false, found.error().text()};
  std::string text(found->all_told ? kAll : kSome);
  for (const EventPlace& place : found->events) text += ' ' + text_of(place);
  return {true, std::move(text)};
}

control::Reply answer_erase(const proof::StoreDebts::Parts& stores, delivery::Delivery* delivery,
                            const control::Request& request) {
  const auto order = parse_order(request);
  if (!order) return not_understood();
  if (delivery == nullptr) {
    return {false,
            "the service writes no target (ENABLE_SQS_CONSUMER=false). Stop it, or let it deliver, and try again"};
  }
  if (request.verb == kEraseVerb) {
    if (auto can = check_ids_only(stores); !can) return {false, can.error().text()};
  }
  const auto part = carry_out(*delivery, *order);
  if (!part) return {false, part.error().text()};
  base::log::info("Erased events")
      .add("target", order->target)
      .add("field", order->field)
      .add("events", static_cast<std::uint64_t>(part->events))
      .add("rows", part->rows);
  return {true, fmt::format("{} {}", part->rows, part->events)};
}

base::Result<WaitingEvents> read_waiting_answer(const control::Reply& reply) {
  if (!reply.ok) return base::fail(ErrorKind::unavailable, reply.text, "the running service");
  WaitingEvents found;
  std::string_view rest = reply.text;
  const std::string_view first = rest.substr(0, rest.find(' '));
  found.all_told = first == kAll;
  if (!found.all_told && first != kSome) return base::fail(other_version());
  for (rest.remove_prefix(first.size()); !rest.empty();) {
    const std::size_t end = std::min(rest.find(' ', rest.find(' ', 1) + 1), rest.size());
    const auto place = parse_place(rest.substr(1, end - 1));
    if (!place) return base::fail(other_version());
    found.events.push_back(*place);
    rest.remove_prefix(end);
  }
  return found;
}

base::Result<ErasedPart> read_erase_answer(const control::Reply& reply, std::size_t asked) {
  if (!reply.ok) return base::fail(ErrorKind::unavailable, reply.text, "the running service");
  ErasedPart part;
  const char* const end = reply.text.data() + reply.text.size();
  const auto rows = std::from_chars(reply.text.data(), end, part.rows);
  if (rows.ec != std::errc() || rows.ptr == end || *rows.ptr != ' ') return base::fail(other_version());
  const auto events = std::from_chars(rows.ptr + 1, end, part.events);
  if (events.ec != std::errc() || events.ptr != end) return base::fail(other_version());
  // None would be asked for again for ever.
  if (part.events > asked || (part.events == 0 && asked > 0)) return base::fail(other_version());
  return part;
}

}  // namespace twinshift::app
