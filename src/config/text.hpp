// Small questions about texts, independent of any locale. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace twinshift::config {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}
constexpr bool is_word_character(char c) {
  return is_letter(c) || is_digit(c) || c == '_';
}

std::string_view trimmed(std::string_view text);
std::string lower(std::string_view text);
std::string upper(std::string_view text);
// A variable's name: letters, digits and '_', no digit first.
bool is_word(std::string_view text);
bool is_utf8(std::string_view text);
bool has_control_character(std::string_view text);
// At least one part; parts may be empty.
std::vector<std::string_view> split(std::string_view text, char separator);

}  // namespace twinshift::config
