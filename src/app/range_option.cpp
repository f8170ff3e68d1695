#include "app/range_option.hpp"

#include <charconv>
#include <string>

#include "event/time_parse.hpp"
#include "proof/verifier.hpp"

namespace twinshift::app {
namespace {

constexpr std::size_t kDateBytes = 10;     // 2026-11-26
constexpr std::size_t kMinutesBytes = 16;  // 2026-11-26T19:00

std::optional<std::chrono::seconds> unit_of(char letter) {
  switch (letter) {
    case 'm':
      return std::chrono::minutes(1);
    case 'h':
      return std::chrono::hours(1);
    case 'd':
      return std::chrono::days(1);
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<base::WallTime> parse_moment(std::string_view text) {
  if (text.ends_with('Z')) text.remove_suffix(1);
  if (text.size() < kDateBytes || !text.contains('-')) return std::nullopt;
  std::string whole(text);
  if (whole.size() == kDateBytes) whole += " 00:00";
  if (whole.size() == kMinutesBytes) whole += ":00";
  const auto parsed = event::parse_timestamp(whole);
  return parsed && !parsed->had_offset ? std::optional(parsed->utc) : std::nullopt;
}

std::optional<std::chrono::seconds> parse_window(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  const auto unit = unit_of(text.back());
  std::int64_t number = 0;
  const std::string digits(text.substr(0, text.size() - 1));
  const char* const begin = digits.c_str();
  const char* const end = begin + digits.size();
  const auto [rest, fault] = std::from_chars(begin, end, number);
  if (!unit || fault != std::errc() || rest != end || number < 1) return std::nullopt;
  if (number > proof::kWindowMax / *unit) return std::nullopt;
  return number * *unit;
}

}  // namespace twinshift::app
