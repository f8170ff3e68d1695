// What an event is, in memory: the JSON as received, its identity, and its top-level fields. Immutable once decoded, so
// lanes share it between their threads through EventPtr.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace twinshift::event {

// The rules by which an id is made. A change of the rules is a new number; rows keep the number they were written with.
inline constexpr int kIdentityVersion = 1;
// `EVENT_IDENTITY=message`: the id was minted at intake.
inline constexpr int kIdentityMinted = 0;

// The first 128 bits of SHA-256 over the canonical event (docs/formats/identity.md).
struct EventId {
  std::array<std::uint8_t, 16> bytes{};
  [[nodiscard]] std::string hex() const;  // 32 lower-case digits
  auto operator<=>(const EventId&) const = default;
};

enum class ValueKind : std::uint8_t { null, boolean, number, text, object, array };

// One top-level member of the event, in the order received; equal keys all stay. Views point into the Event that holds
// them.
struct Field {
  std::string_view key;   // decoded; a lone surrogate escape as WTF-8
  std::string_view raw;   // the value's own JSON text, without surrounding white space
  std::string_view text;  // the decoded string where kind is text, else equal to raw
  ValueKind kind = ValueKind::null;
};

struct Event {
  Event() = default;
  Event(const Event&) = delete;  // views point into the object
  Event& operator=(const Event&) = delete;

  EventId id;
  int id_version = kIdentityVersion;
  std::int64_t key = 0;          // the id's first 62 bits, for digests only
  base::WallTime event_at{};     // from the content only; 1970-01-01 where it has no usable time
  base::WallTime received_at{};  // when intake took it
  std::string message_id;        // what intake answered with
  std::string json;              // as received, without BOM, decompressed
  std::vector<Field> fields;
  // False where a part of the event cannot be told again from its fields alone in plain JSON text: NUL, lone
  // surrogates, duplicate keys, nesting deeper than kNestingMax, or bytes no parser takes. Such an event is kept whole.
  bool plain = true;
  std::vector<std::unique_ptr<char[]>> arena;  // decoded strings that differ from their JSON text
};
using EventPtr = std::shared_ptr<const Event>;

// Deeper events are hashed as raw bytes.
inline constexpr int kNestingMax = 256;

enum class IdentityMode { content, message };

// `json` must be a JSON object that intake accepted. Never fails for one; `invalid` for anything else (a foreign
// message in a shared queue). Thread-safe, no state.
base::Result<EventPtr> decode_event(std::string json, std::string message_id, base::WallTime received_at,
                                    IdentityMode mode = IdentityMode::content);

// Is this text a JSON object (RFC 8259, any nesting, any numbers, lone surrogate escapes allowed, UTF-8 valid)?
// `invalid` says what is wrong and at which byte, without quoting it. The tolerant slow path of intake; a hostile 1 MiB
// input costs time linear in its size and no recursion.
base::Status check_object(std::string_view json);

// AppsFlyer's GET delivery: "a=1&b=x%20y" becomes {"a":"1","b":"x y"}: a flat object of texts, order and equal keys
// kept, '+' is a blank, invalid percent signs stay as they are, invalid UTF-8 is an `invalid` error.
base::Result<std::string> object_from_query(std::string_view query);

}  // namespace twinshift::event
