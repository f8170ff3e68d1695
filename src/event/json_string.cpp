#include "event/json_string.hpp"

#include <cstring>

namespace twinshift::event {
namespace {

bool continues(const char* text, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return false;
  }
  return true;
}

bool in_range(unsigned char c, unsigned char low, unsigned char high) {
  return c >= low && c <= high;
}

// RFC 3629, section 4: the second byte's range depends on the first.
bool second_byte_fits(unsigned char first, unsigned char second) {
  switch (first) {
    case 0xE0:
      return in_range(second, 0xA0, 0xBF);
    case 0xED:
      return in_range(second, 0x80, 0x9F);
    case 0xF0:
      return in_range(second, 0x90, 0xBF);
    case 0xF4:
      return in_range(second, 0x80, 0x8F);
    default:
      return in_range(second, 0x80, 0xBF);
  }
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char simple_escape(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;  // quote, backslash, slash
  }
}

// Three bytes for a lone surrogate too: that is WTF-8.
std::size_t write_code_point(std::uint32_t code, char* out) {
  const auto put = [out](std::size_t at, std::uint32_t byte) { out[at] = static_cast<char>(byte); };
  if (code < 0x80) {
    put(0, code);
    return 1;
  }
  if (code < 0x800) {
    put(0, 0xC0 | (code >> 6));
    put(1, 0x80 | (code & 0x3F));
    return 2;
  }
  if (code < 0x10000) {
    put(0, 0xE0 | (code >> 12));
    put(1, 0x80 | ((code >> 6) & 0x3F));
    put(2, 0x80 | (code & 0x3F));
    return 3;
  }
  put(0, 0xF0 | (code >> 18));
  put(1, 0x80 | ((code >> 12) & 0x3F));
  put(2, 0x80 | ((code >> 6) & 0x3F));
  put(3, 0x80 | (code & 0x3F));
  return 4;
}

// `at` stands behind "\u"; leaves it behind the escape, or behind both of a pair.
std::uint32_t read_unicode_escape(const char*& at, const char* end) {
  const auto first = static_cast<std::uint32_t>(hex4(at));
  at += 4;
  if (first < 0xD800 || first > 0xDBFF || end - at < 6 || at[0] != '\\' || at[1] != 'u') return first;
  const auto second = static_cast<std::uint32_t>(hex4(at + 2));
  if (second < 0xDC00 || second > 0xDFFF) return first;
  at += 6;
  return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
}

}  // namespace

std::size_t utf8_sequence_length(const char* text, const char* end) {
  const auto first = static_cast<unsigned char>(*text);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  const std::size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (static_cast<std::size_t>(end - text) < length) return 0;
  if (!second_byte_fits(first, static_cast<unsigned char>(text[1]))) return 0;
  return continues(text + 2, length - 2) ? length : 0;
}

bool is_utf8(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    const std::size_t length = utf8_sequence_length(at, end);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

int hex4(const char* text) {
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = hex_digit(text[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

std::size_t decode_json_string(std::string_view raw, char* out) {
  const char* at = raw.data();
  const char* const end = at + raw.size();
  char* to = out;
  while (at != end) {
    const auto* escape = static_cast<const char*>(std::memchr(at, '\\', static_cast<std::size_t>(end - at)));
    const char* const plain_end = escape == nullptr ? end : escape;
    const auto plain = static_cast<std::size_t>(plain_end - at);
    std::memcpy(to, at, plain);
    to += plain;
    at = plain_end;
    if (at == end) break;
    const char kind = at[1];
    at += 2;
    if (kind == 'u') {
      to += write_code_point(read_unicode_escape(at, end), to);
    } else {
      *to++ = simple_escape(kind);
    }
  }
  return static_cast<std::size_t>(to - out);
}

}  // namespace twinshift::event
