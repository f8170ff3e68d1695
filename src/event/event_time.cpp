#include "event/event_time.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "event/canonical.hpp"
#include "event/time_parse.hpp"

namespace twinshift::event {
namespace {

using std::chrono::sys_days;

constexpr std::array<std::string_view, 3> kTimeFields{"event_time", "timestamp", "install_time"};
constexpr base::WallTime kFirst{sys_days(std::chrono::year(2008) / 1 / 1)};
constexpr base::WallTime kEnd{sys_days(std::chrono::year(2100) / 1 / 1)};
constexpr std::size_t kEpochDigitsMax = 13;

// 1700000000, 1700000000.0 and 17e8 are one number, have one id, and so must have one time: its canonical form is read.
std::optional<ParsedTime> parse_number(std::string_view number) {
  std::string buffer(number.size() + kNumberOverhead, '\0');
  const char* const end = write_canonical_number(number, buffer.data());
  // Without 'n' and ';'.
  const std::string_view canonical(buffer.data() + 1, static_cast<std::size_t>(end - buffer.data()) - 2);
  const std::size_t e = canonical.find('e');
  if (e > kEpochDigitsMax) return std::nullopt;  // also where there is none: zero
  unsigned zeros = 0;
  const auto [stop, error] = std::from_chars(canonical.data() + e + 1, canonical.data() + canonical.size(), zeros);
  if (error != std::errc() || stop != canonical.data() + canonical.size() || zeros > kEpochDigitsMax) {
    return std::nullopt;
  }
  std::array<char, 2 * kEpochDigitsMax> digits{};
  digits.fill('0');
  canonical.copy(digits.data(), e);
  const std::optional<ParsedTime> time = parse_timestamp({digits.data(), e + zeros});
  return time && time->epoch ? time : std::nullopt;
}

std::optional<base::WallTime> usable_time(const Field& field) {
  std::optional<ParsedTime> time;
  if (field.kind == ValueKind::text) time = parse_timestamp(field.text);
  if (field.kind == ValueKind::number) time = parse_number(field.raw);
  if (!time || time->utc < kFirst || time->utc >= kEnd) return std::nullopt;
  return time->utc;
}

}  // namespace

base::WallTime event_time_of(std::span<const Field> fields) {
  std::array<const Field*, kTimeFields.size()> found{};
  for (const Field& field : fields) {
    for (std::size_t i = 0; i < kTimeFields.size(); ++i) {
      if (field.key == kTimeFields[i]) found[i] = &field;
    }
  }
  for (const Field* field : found) {
    if (field == nullptr) continue;
    if (const auto time = usable_time(*field)) return *time;
  }
  return base::WallTime{};
}

}  // namespace twinshift::event
