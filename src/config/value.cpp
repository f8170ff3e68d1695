#include "config/value.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "config/masking.hpp"
#include "config/text.hpp"

namespace twinshift::config {
namespace {

using Parsed = std::expected<Value, std::string>;

struct Unit {
  std::string_view suffix;  // in lower case
  std::int64_t factor;
};
// Largest first within each family: shown_number() takes the first that divides.
constexpr std::array kDurations{Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1000}, Unit{"ms", 1}};
constexpr std::array kSizes{Unit{"gib", 1 << 30},  Unit{"gb", 1'000'000'000}, Unit{"mib", 1 << 20},
                            Unit{"mb", 1'000'000}, Unit{"kib", 1024},         Unit{"kb", 1000},
                            Unit{"b", 1}};

std::optional<std::int64_t> factor_of(Kind kind, std::string_view suffix) {
  if (suffix.empty()) return unit_of(kind);
  const std::string wanted = lower(suffix);
  const auto search = [&](const auto& units) -> std::optional<std::int64_t> {
    for (const Unit& unit : units) {
      if (unit.suffix == wanted) return unit.factor;
    }
    return std::nullopt;
  };
  if (kind == Kind::bytes) return search(kSizes);
  if (kind == Kind::milliseconds || kind == Kind::seconds) return search(kDurations);
  return std::nullopt;
}

// Digits, then perhaps white space and a suffix. Nothing where it is no such number or does not fit.
std::optional<std::int64_t> number_from(Kind kind, std::string_view raw) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), number);
  if (error != std::errc() || raw.front() == '-') return std::nullopt;
  const auto factor = factor_of(kind, trimmed(raw.substr(static_cast<std::size_t>(end - raw.data()))));
  std::int64_t product = 0;
  if (!factor || __builtin_mul_overflow(number, *factor, &product)) return std::nullopt;
  return product;
}

Parsed parse_number(const Option& option, std::string_view raw) {
  const auto number = number_from(option.kind, raw);
  const std::int64_t unit = unit_of(option.kind);
  if (!number || *number < option.limits.min * unit || *number > option.limits.max * unit) {
    return std::unexpected("must be " + expectation(option));
  }
  return Value{{}, *number};
}

Parsed parse_boolean(const Option& option, std::string_view raw) {
  constexpr std::array kYes{"true", "1", "yes", "on"};
  constexpr std::array kNo{"false", "0", "no", "off"};
  const std::string word = lower(raw);
  if (std::ranges::find(kYes, word) != kYes.end()) return Value{{}, 1};
  if (std::ranges::find(kNo, word) != kNo.end()) return Value{{}, 0};
  return std::unexpected("must be " + expectation(option));
}

std::vector<std::string_view> words_of(const Option& option) {
  return split(option.limits.words, '|');
}

Parsed parse_choice(const Option& option, std::string_view raw) {
  const std::string word = lower(raw);
  for (const std::string_view allowed : words_of(option)) {
    if (allowed == word) return Value{word, 0};
  }
  return std::unexpected("must be " + expectation(option));
}

Parsed parse_url(const Option& option, std::string_view raw) {
  for (const std::string_view scheme : words_of(option)) {
    if (lower(raw.substr(0, scheme.size())) != scheme || raw.size() == scheme.size()) continue;
    if (scheme.ends_with('/') && raw.find(' ') != std::string_view::npos) break;
    return Value{std::string(scheme) + std::string(raw.substr(scheme.size())), 0};
  }
  return std::unexpected("must be " + expectation(option));
}

bool is_identifier(std::string_view part) {
  constexpr std::size_t kIdentifierBytesMax = 127;  // Redshift's
  if (part.empty() || part.size() > kIdentifierBytesMax || is_digit(part.front())) return false;
  return std::ranges::all_of(part, [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '$'; });
}

Parsed parse_table(const Option& option, std::string_view raw) {
  const auto parts = split(raw, '.');
  if (parts.size() > 2 || !std::ranges::all_of(parts, is_identifier)) {
    return std::unexpected("must be " + expectation(option));
  }
  return Value{std::string(raw), 0};
}

// "us-east-1", "us-gov-west-1": small letters, digits and hyphens, a digit last.
Parsed parse_region(const Option& option, std::string_view raw) {
  constexpr std::size_t kRegionBytesMax = 32;
  const bool shape = raw.size() <= kRegionBytesMax && raw.find('-') != std::string_view::npos && is_digit(raw.back()) &&
                     std::ranges::all_of(raw, [](char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-'; });
  if (!shape) return std::unexpected("must be " + expectation(option));
  return Value{std::string(raw), 0};
}

template <std::size_t size>
std::string with_unit(std::int64_t number, const std::array<Unit, size>& units,
                      const std::array<std::string_view, size>& names) {
  for (std::size_t i = 0; i < size; ++i) {
    if (number != 0 && number % units[i].factor == 0) return fmt::format("{} {}", number / units[i].factor, names[i]);
  }
  return fmt::format("0 {}", names.back());
}

std::string shown_number(Kind kind, std::int64_t number) {
  switch (kind) {
    case Kind::boolean:
      return number != 0 ? "true" : "false";
    case Kind::bytes:
      return with_unit<7>(number, kSizes, {"GiB", "GB", "MiB", "MB", "KiB", "KB", "B"});
    case Kind::milliseconds:
    case Kind::seconds:
      // Never minutes or hours: "90 s" is what people wrote.
      return number % 1000 == 0 && number != 0 ? fmt::format("{} s", number / 1000) : fmt::format("{} ms", number);
    default:
      return fmt::format("{}", number);
  }
}

std::string quoted_list(const Option& option) {
  std::string list;
  for (const std::string_view word : words_of(option)) {
    if (!list.empty()) list += ", ";
    list += word;
  }
  return list;
}

std::string number_expectation(const Option& option) {
  const std::int64_t unit = unit_of(option.kind);
  const std::string from = shown_number(option.kind, option.limits.min * unit);
  const std::string to = shown_number(option.kind, option.limits.max * unit);
  switch (option.kind) {
    case Kind::milliseconds:
      return fmt::format("a duration from {} to {} (a plain number counts milliseconds; or 1500ms, 2s, 1m)", from, to);
    case Kind::seconds:
      return fmt::format("a duration from {} to {} (a plain number counts seconds; or 1500ms, 2s, 1m)", from, to);
    case Kind::bytes:
      return fmt::format("a size from {} to {} (a plain number counts bytes; or 64KB, 512MB, 1MiB)", from, to);
    default:
      return fmt::format("a whole number from {} to {}", from, to);
  }
}

}  // namespace

std::string expectation(const Option& option) {
  switch (option.kind) {
    case Kind::text:
    case Kind::secret:
      return "a text";
    case Kind::folder:
      return "a folder's path";
    case Kind::url:
      return "a URL that begins with one of: " + quoted_list(option);
    case Kind::table:
      return "table or schema.table, of letters, digits, _ and $";
    case Kind::region:
      return "an AWS region, like us-east-1";
    case Kind::choice:
      return "one of: " + quoted_list(option);
    case Kind::boolean:
      return "true or false";
    default:
      return number_expectation(option);
  }
}

std::expected<Value, std::string> parse_value(const Option& option, std::string_view raw) {
  const std::string_view text = trimmed(raw);
  if (text.size() > kValueBytesMax) return std::unexpected(fmt::format("is longer than {} bytes", kValueBytesMax));
  if (has_control_character(text)) return std::unexpected("holds a control character (a line break, a NUL byte?)");
  if (!is_utf8(text)) return std::unexpected("is not valid UTF-8");
  if (text.empty()) return std::unexpected("must be " + expectation(option));
  switch (option.kind) {
    case Kind::text:
    case Kind::secret:
    case Kind::folder:
      return Value{std::string(text), 0};
    case Kind::url:
      return parse_url(option, text);
    case Kind::table:
      return parse_table(option, text);
    case Kind::region:
      return parse_region(option, text);
    case Kind::choice:
      return parse_choice(option, text);
    case Kind::boolean:
      return parse_boolean(option, text);
    default:
      return parse_number(option, text);
  }
}

std::string shown_value(const Option& option, const Value& value) {
  if (!is_textual(option.kind)) return shown_number(option.kind, value.number);
  if (value.text.empty()) return {};
  if (option.kind == Kind::secret) return std::string(kMask);
  if (option.kind == Kind::url || value.text.find("://") != std::string::npos) return masked_url(value.text);
  return value.text;
}

}  // namespace twinshift::config
