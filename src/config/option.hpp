// One option: its name in the environment, its kind, default, bounds and text. The list itself is options.def.
// Everything here is constant after start-up: any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace twinshift::config {

struct Settings;

enum class Kind : std::uint8_t {
  text,
  secret,  // shown as ********
  url,     // password and unknown parameters shown as ********
  folder,
  table,   // `table` or `schema.table`
  region,  // an AWS region's name
  choice,  // one of a few words
  boolean,
  integer,
  milliseconds,  // a plain number counts milliseconds; suffixes ms, s, m
  seconds,       // a plain number counts seconds; the same suffixes
  bytes,         // suffixes KB, MB, GB (thousands) and KiB, MiB, GiB
};

enum class Status : std::uint8_t { now, shown };

inline constexpr std::int64_t kBytesMax = std::int64_t{1} << 44;

// Numbers: smallest and largest, in the kind's own unit. Choices and URL schemes: `words`, parted by '|'.
struct Limits {
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::string_view words;
};
inline constexpr Limits none{};
constexpr Limits range(std::int64_t min, std::int64_t max) {
  return {min, max, {}};
}
constexpr Limits one_of(std::string_view words) {
  return {0, 0, words};
}
constexpr Limits schemes(std::string_view words) {
  return {0, 0, words};
}

// A checked value: `text` for the textual kinds, `number` for the others (0 or 1, a count, milliseconds, bytes).
struct Value {
  std::string text;
  std::int64_t number = 0;
};

struct Option {
  Kind kind = Kind::text;
  std::string_view name;
  Value preset;  // the default
  Limits limits;
  Status status = Status::now;
  std::string_view section;
  std::string_view text;
  void (*assign)(Settings&, const Value&) = nullptr;
};

struct Section {
  std::string_view title;
  std::string_view about;
};

// In the order of options.def.
const std::vector<Option>& options();
const std::vector<Section>& sections();
// Null where no option has this name.
const Option* find_option(std::string_view name);

// The C++ type of a kind and its default, for the fields of Settings.
template <Kind kind>
struct TypeOf {
  using type = std::string;
};
template <>
struct TypeOf<Kind::folder> {
  using type = std::filesystem::path;
};
template <>
struct TypeOf<Kind::boolean> {
  using type = bool;
};
template <>
struct TypeOf<Kind::integer> {
  using type = std::int64_t;
};
template <>
struct TypeOf<Kind::bytes> {
  using type = std::uint64_t;
};
template <>
struct TypeOf<Kind::milliseconds> {
  using type = std::chrono::milliseconds;
};
template <>
struct TypeOf<Kind::seconds> {
  using type = std::chrono::milliseconds;  // finer than its unit: 500ms is a fair value
};

constexpr bool is_textual(Kind kind) {
  return kind <= Kind::choice;
}
// Milliseconds a plain number of this kind stands for; 1 for what is no duration.
constexpr std::int64_t unit_of(Kind kind) {
  return kind == Kind::seconds ? 1000 : 1;
}

template <Kind kind, class T>
Value preset_of(const T& value) {
  if constexpr (is_textual(kind)) {
    return {value, 0};
  } else {
    return {{}, static_cast<std::int64_t>(value) * unit_of(kind)};
  }
}

template <Kind kind>
typename TypeOf<kind>::type typed(const Value& value) {
  using Type = typename TypeOf<kind>::type;
  if constexpr (is_textual(kind)) {
    return Type(value.text);
  } else if constexpr (kind == Kind::boolean) {
    return value.number != 0;
  } else {
    return Type(value.number);
  }
}

}  // namespace twinshift::config
