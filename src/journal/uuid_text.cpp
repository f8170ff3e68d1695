#include "journal/uuid_text.hpp"

#include <array>

namespace twinshift::journal {
namespace {

constexpr std::size_t kTextSize = 36;

bool is_dash_place(std::size_t at) {
  return at == 8 || at == 13 || at == 18 || at == 23;
}

bool is_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

}  // namespace

bool is_uuid_text(std::string_view text) {
  if (text.size() != kTextSize) return false;
  for (std::size_t i = 0; i < kTextSize; ++i) {
    if (is_dash_place(i) ? text[i] != '-' : !is_digit(text[i])) return false;
  }
  return true;
}

std::string uuid_text(const event::EventId& bits) {
  std::string text = bits.hex();
  for (std::size_t at = 0; at < kTextSize; ++at) {
    if (is_dash_place(at)) text.insert(at, 1, '-');
  }
  return text;
}

}  // namespace twinshift::journal
