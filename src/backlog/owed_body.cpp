#include "backlog/owed_body.hpp"

#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "event/identity.hpp"

namespace twinshift::backlog {
namespace {

constexpr std::string_view kErased = "erased ";
constexpr std::size_t kIdDigits = 32;

std::optional<event::EventId> id_in(std::string_view digits) {
  event::EventId id;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    const char* const at = digits.data() + 2 * i;
    const auto read = std::from_chars(at, at + 2, id.bytes[i], 16);
    if (read.ec != std::errc() || read.ptr != at + 2) return std::nullopt;
  }
  return id;
}

struct Erased {
  event::EventId id;
  base::WallTime event_at;
};

std::optional<Erased> erased_in(std::string_view body) {
  if (!body.starts_with(kErased)) return std::nullopt;
  body.remove_prefix(kErased.size());
  if (body.size() < kIdDigits + 2 || body[kIdDigits] != ' ') return std::nullopt;
  const auto id = id_in(body.substr(0, kIdDigits));
  const std::string_view time = body.substr(kIdDigits + 1);
  std::int64_t at = 0;
  const auto read = std::from_chars(time.data(), time.data() + time.size(), at);
  if (!id || read.ec != std::errc() || read.ptr != time.data() + time.size()) return std::nullopt;
  return Erased{*id, base::WallTime(std::chrono::microseconds(at))};
}

}  // namespace

std::string erased_body(const event::EventId& id, base::WallTime event_at) {
  return std::string(kErased) + id.hex() + ' ' + std::to_string(event_at.time_since_epoch().count());
}

base::Result<event::EventPtr> decode_owed(queue::Message message, event::IdentityMode mode) {
  const auto erased = erased_in(message.body);
  if (!erased) {
    return event::decode_event(std::move(message.body), std::move(message.message_id), message.received_at, mode);
  }
  auto event = std::make_shared<event::Event>();
  event->id = erased->id;
  event->id_version = mode == event::IdentityMode::message ? event::kIdentityMinted : event::kIdentityVersion;
  event->key = event::key_of(event->id);
  event->event_at = erased->event_at;
  event->received_at = message.received_at;
  event->message_id = std::move(message.message_id);
  return event::EventPtr(std::move(event));
}

}  // namespace twinshift::backlog
