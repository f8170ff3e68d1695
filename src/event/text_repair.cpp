#include "event/text_repair.hpp"

namespace twinshift::event {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct Lead {
  std::size_t length;               // 0: no character begins with this byte
  unsigned char second_min = 0x80;  // what the second byte may be (RFC 3629, section 4)
  unsigned char second_max = 0xBF;
};

Lead lead(unsigned char c) {
  if (c < 0x80) return {1};
  if (c < 0xC2) return {0};
  if (c < 0xE0) return {2};
  if (c == 0xE0) return {3, 0xA0};
  if (c == 0xED) return {3, 0x80, 0x9F};
  if (c < 0xF0) return {3};
  if (c == 0xF0) return {4, 0x90};
  if (c < 0xF4) return {4};
  if (c == 0xF4) return {4, 0x80, 0x8F};
  return {0};
}

unsigned char byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

// Bytes of the storable character at `at`, 0 where there is none.
std::size_t character(std::string_view text, std::size_t at) {
  const unsigned char c = byte_at(text, at);
  if (c == 0) return 0;
  const Lead first = lead(c);
  if (first.length < 2) return first.length;
  if (text.size() - at < first.length) return 0;
  const unsigned char second = byte_at(text, at + 1);
  if (second < first.second_min || second > first.second_max) return 0;
  for (std::size_t i = 2; i < first.length; ++i) {
    if ((byte_at(text, at + i) & 0xC0) != 0x80) return 0;
  }
  return first.length;
}

bool is_surrogate(std::string_view text, std::size_t at) {
  return text.size() - at >= 3 && byte_at(text, at) == 0xED && byte_at(text, at + 1) >= 0xA0 &&
         (byte_at(text, at + 1) & 0xC0) == 0x80 && (byte_at(text, at + 2) & 0xC0) == 0x80;
}

}  // namespace

bool is_storable(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::string make_storable(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 8);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character(text, at);
    if (length > 0) {
      out.append(text, at, length);
      at += length;
    } else {
      out += kReplacement;
      at += is_surrogate(text, at) ? 3 : 1;
    }
  }
  return out;
}

std::string_view cut_to_bytes(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (byte_at(text, bytes) & 0xC0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

}  // namespace twinshift::event
