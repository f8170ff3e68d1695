#include "app/person.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "event/json_string.hpp"
#include "event/row.hpp"
#include "warehouse/stored_event.hpp"

namespace twinshift::app {
namespace {

using base::ErrorKind;

constexpr const char* kWhere = "--where";

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F;
}

// Spelled the same in every JSON text, and no sign of LIKE's own.
bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '@';
}

base::Status check_value(std::string_view value) {
  const bool good = !value.empty() && value.size() <= kPersonValueBytesMax && std::ranges::none_of(value, is_control) &&
                    event::is_utf8(value);
  if (good) return {};
  return base::fail(ErrorKind::invalid,
                    fmt::format("a value is 1 to {} bytes of UTF-8 without control characters", kPersonValueBytesMax),
                    kWhere);
}

}  // namespace

base::Result<Person> parse_person(std::string_view where) {
  const std::size_t sign = where.find('=');
  if (sign == std::string_view::npos) {
    return base::fail(ErrorKind::invalid, "it is not FIELD=VALUE", kWhere,
                      "For example: --where customer_user_id=4711");
  }
  Person person{std::string(where.substr(0, sign)), std::string(where.substr(sign + 1))};
  const int column = event::find_column(person.field);
  if (column < 0 || event::catalogue()[static_cast<std::size_t>(column)].type != event::ColumnType::text) {
    return base::fail(ErrorKind::invalid, "this is no field of AppsFlyer's that holds text", kWhere,
                      "Name one such as appsflyer_id, customer_user_id, idfa or advertising_id");
  }
  if (auto good = check_value(person.value); !good) return base::fail(std::move(good.error()));
  return person;
}

bool is_of(const Person& person, const event::Event& event) {
  return std::ranges::any_of(event.fields, [&](const event::Field& field) {
    return field.key == person.field && field.kind != event::ValueKind::null && field.text == person.value;
  });
}

std::optional<bool> is_of(const Person& person, const std::string& json) {
  const auto event = event::decode_event(json, {}, {});
  if (!event) return std::nullopt;
  return is_of(person, **event);
}

std::string like_pattern(const Person& person) {
  std::string pattern = '%' + person.field + '%';
  for (const char c : person.value) {
    if (is_plain(c)) {
      pattern += c;
    } else if (pattern.back() != '%') {
      pattern += '%';
    }
  }
  if (pattern.back() != '%') pattern += '%';
  return pattern;
}

std::string text_of(const warehouse::EventPlace& place) {
  return fmt::format("{} {}", place.id.hex(), place.event_at.time_since_epoch().count());
}

std::optional<event::EventId> parse_event_id(std::string_view digits) {
  if (!warehouse::is_event_id(digits)) return std::nullopt;
  event::EventId id;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    const char* const pair = digits.data() + 2 * i;
    constexpr int kHexadecimal = 16;
    if (std::from_chars(pair, pair + 2, id.bytes[i], kHexadecimal).ptr != pair + 2) return std::nullopt;
  }
  return id;
}

std::optional<warehouse::EventPlace> parse_place(std::string_view text) {
  const std::size_t blank = std::min(text.find(' '), text.size());
  const auto id = parse_event_id(text.substr(0, blank));
  if (!id || blank == text.size()) return std::nullopt;
  std::int64_t microseconds = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + blank + 1, end, microseconds);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return warehouse::EventPlace{*id, base::WallTime(std::chrono::microseconds(microseconds))};
}

}  // namespace twinshift::app
