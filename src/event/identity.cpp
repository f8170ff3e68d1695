#include "event/identity.hpp"

#include <cstring>
#include <optional>

#include "base/ids.hpp"
#include "base/sha256.hpp"
#include "event/canonical.hpp"

namespace twinshift::event {
namespace {

constexpr std::size_t kUuidTextSize = 36;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// 8-4-4-4-12 hex digits in either case.
std::optional<EventId> uuid_bits(std::string_view text) {
  if (text.size() != kUuidTextSize) return std::nullopt;
  EventId id;
  std::size_t digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int value = hex_value(text[i]);
    if (value < 0) return std::nullopt;
    std::uint8_t& byte = id.bytes[digits++ / 2];
    byte = static_cast<std::uint8_t>(byte * 16 + value);
  }
  return id;
}

}  // namespace

std::string EventId::hex() const {
  return base::to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

EventId hash_id(std::string_view first, std::string_view second) {
  const base::Sha256Sum hash = base::sha256(first, second);
  EventId id;
  std::memcpy(id.bytes.data(), hash.data(), id.bytes.size());
  return id;
}

std::int64_t key_of(const EventId& id) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < sizeof bits; ++i) bits = bits << 8 | id.bytes[i];
  return static_cast<std::int64_t>(bits >> 2);
}

EventId content_id(std::string_view json) {
  Tape tape;
  if (scan_object(json, tape) || tape.too_deep) return hash_id(kRawPrefix, json);
  Canonicalizer canonicalizer;
  return hash_id(canonicalizer.encode(json, tape));
}

EventId minted_id(std::string_view message_id) {
  const std::optional<EventId> uuid = uuid_bits(message_id);
  return uuid ? *uuid : hash_id(message_id);
}

}  // namespace twinshift::event
