// From text to a checked value and back to what a person may see. No error text and no shown text of a secret ever
// holds the value itself. Any thread.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "config/option.hpp"

namespace twinshift::config {

inline constexpr std::size_t kValueBytesMax = 8192;

// The error says what the value must be, never what it was: people paste passwords into the wrong line.
std::expected<Value, std::string> parse_value(const Option& option, std::string_view raw);

// What the option takes: "a whole number from 1 to 10".
std::string expectation(const Option& option);

// As `twinshift config` shows it: secrets masked (masking.hpp), numbers with their unit. Empty: unset.
std::string shown_value(const Option& option, const Value& value);

}  // namespace twinshift::config
