#include "backlog/drivers/segments/block_parts.hpp"

namespace twinshift::backlog::segments {
namespace {

constexpr std::size_t kUuidText = 36;
constexpr std::size_t kUuidBytes = 16;

constexpr bool hyphen_at(std::size_t at) {
  return at == 8 || at == 13 || at == 18 || at == 23;
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

std::optional<std::string> pack_uuid(std::string_view text) {
  if (text.size() != kUuidText) return std::nullopt;
  std::string bytes;
  for (std::size_t at = 0; at < kUuidText;) {
    if (hyphen_at(at)) {
      if (text[at++] != '-') return std::nullopt;
      continue;
    }
    const int high = digit(text[at]);
    const int low = digit(text[at + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return bytes;
}

std::string unpack_uuid(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < kUuidBytes; ++i) {
    if (hyphen_at(text.size())) text += '-';
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

}  // namespace twinshift::backlog::segments
