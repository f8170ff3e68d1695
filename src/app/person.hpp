// Whose events `twinshift erase` removes: those in which a field of AppsFlyer's has a value. Pure; any thread. No text
// that these give holds the value.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "event/event.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::app {

struct Person {
  std::string field;  // of event::catalogue(), one that holds text
  std::string value;  // not empty; UTF-8 without control characters
};

inline constexpr std::size_t kPersonValueBytesMax = 1'000;

// From FIELD=VALUE. `invalid`: another field, or no such value.
base::Result<Person> parse_person(std::string_view where);

// Has the event the field with exactly this value? A number counts by its JSON text; of equal keys any does.
bool is_of(const Person& person, const event::Event& event);
// The same of an event's JSON; nothing where the text is no event.
std::optional<bool> is_of(const Person& person, const std::string& json);

// What a LIKE must be told to find a JSON text in which the field might have the value: never too little, unless the
// text spells the value's letters, digits, '.', '-' and '@' by escapes.
std::string like_pattern(const Person& person);

// A place as commands and service tell each other: "ID MICROSECONDS".
std::string text_of(const warehouse::EventPlace& place);
std::optional<warehouse::EventPlace> parse_place(std::string_view text);
// An id from its 32 digits, as it stands in a row.
std::optional<event::EventId> parse_event_id(std::string_view digits);

}  // namespace twinshift::app
