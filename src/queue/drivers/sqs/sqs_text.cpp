#include "queue/drivers/sqs/sqs_text.hpp"

#include <array>
#include <cstdint>
#include <cstring>

#include <simdjson.h>

namespace twinshift::queue::sqs {
namespace {

// No early exit: the compiler makes a vector loop of it.
bool has_control(std::string_view bytes) {
  unsigned found = 0;
  for (const char each : bytes) {
    const auto c = static_cast<unsigned char>(each);
    found |= static_cast<unsigned>(c < 0x20) & static_cast<unsigned>(c != '\t') & static_cast<unsigned>(c != '\n') &
             static_cast<unsigned>(c != '\r');
  }
  return found != 0;
}

// U+FFFE and U+FFFF: EF BF BE and EF BF BF.
bool has_noncharacter(std::string_view bytes) {
  for (std::size_t at = bytes.find('\xEF'); at != std::string_view::npos; at = bytes.find('\xEF', at + 1)) {
    const std::string_view three = bytes.substr(at, 3);
    if (three == "\xEF\xBF\xBE" || three == "\xEF\xBF\xBF") return true;
  }
  return false;
}

// 0: stands for itself; 1: \u00XX; else the letter behind the backslash.
constexpr std::array<char, 256> make_escapes() {
  std::array<char, 256> escapes{};
  for (std::size_t c = 0; c < 0x20; ++c) escapes[c] = 1;
  escapes['\n'] = 'n';
  escapes['\r'] = 'r';
  escapes['\t'] = 't';
  escapes['"'] = '"';
  escapes['\\'] = '\\';
  return escapes;
}
constexpr std::array<char, 256> kEscapes = make_escapes();
constexpr std::size_t kLongestEscape = 6;

char* put_escape(char* to, unsigned char c) {
  constexpr char kHex[] = "0123456789abcdef";
  *to++ = '\\';
  if (kEscapes[c] != 1) {
    *to++ = kEscapes[c];
    return to;
  }
  for (const char each : {'u', '0', '0', kHex[c >> 4], kHex[c & 15]}) *to++ = each;
  return to;
}

// Eight bytes at a time: those that need an escape have their high bit set in the result (the usual exact tests for a
// zero byte and for a byte below 0x20, spread over a word).
std::uint64_t needs_escape(std::uint64_t word) {
  constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
  constexpr std::uint64_t kHighs = 0x8080808080808080ULL;
  const auto is = [&](char c) {
    const std::uint64_t x = word ^ (kOnes * static_cast<unsigned char>(c));
    return (x - kOnes) & ~x;
  };
  const std::uint64_t low = (word - kOnes * 0x20) & ~word;
  return (low | is('"') | is('\\')) & kHighs;
}

}  // namespace

bool is_carried_text(std::string_view bytes) {
  return !has_control(bytes) && simdjson::validate_utf8(bytes.data(), bytes.size()) && !has_noncharacter(bytes);
}

void append_escaped(std::string& out, std::string_view text) {
  const std::size_t before = out.size();
  // Room for the worst of the piece under way and the plain rest; grown again only where a text is nearly all escapes.
  constexpr std::size_t kPiece = 4096;
  std::size_t used = before;
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, kPiece);
    text.remove_prefix(piece.size());
    out.resize(used + piece.size() * kLongestEscape);
    char* to = out.data() + used;
    const char* from = piece.data();
    const char* const end = from + piece.size();
    while (from != end) {
      std::uint64_t word = 0;
      if (end - from >= 8 && (std::memcpy(&word, from, 8), needs_escape(word) == 0)) {
        std::memcpy(to, from, 8);
        from += 8;
        to += 8;
        continue;
      }
      const char* const stop = end - from >= 8 ? from + 8 : end;
      for (; from != stop; ++from) {
        const auto c = static_cast<unsigned char>(*from);
        if (kEscapes[c] == 0) {
          *to++ = *from;
        } else {
          to = put_escape(to, c);
        }
      }
    }
    used = static_cast<std::size_t>(to - out.data());
  }
  out.resize(used);
}

}  // namespace twinshift::queue::sqs
