#include "tests/fuzz/mutate.hpp"

#include <array>
#include <string_view>

namespace twinshift::tests {
namespace {

using namespace std::string_view_literals;

constexpr std::array kTokens{
    "{"sv,
    "}"sv,
    "["sv,
    "]"sv,
    ":"sv,
    ","sv,
    "\""sv,
    "\\"sv,
    "{}"sv,
    "[]"sv,
    "null"sv,
    "true"sv,
    "fals"sv,
    "-"sv,
    "0"sv,
    "-0.0"sv,
    "1e999"sv,
    "1E-5"sv,
    "01"sv,
    "."sv,
    "e"sv,
    "\\u"sv,
    "\\u00"sv,
    " "sv,
    "\n"sv,
    "\\u0000"sv,
    "\\ud800"sv,
    "\\udc00"sv,
    "\\ud83d\\ude00"sv,
    "\0"sv,
    "\x1F"sv,
    "\x80"sv,
    "\xC3\xA9"sv,
    "\xED\xA0\x80"sv,
    "\xF0\x9F\x98\x80"sv,
    "\xF4\x90\x80\x80"sv,
    "\xFF"sv,
    "9007199254740993"sv,
    "\"a\":1,"sv,
    "\"\\u0061\":"sv,
    "[[[[[[[["sv,
    "123456789012345678901234567890"sv,
};
constexpr std::string_view kAlphabet = "{}[]:,\"\\ 019-+.eEtrufalsn\n\xC3\xA9\x01";

void change(std::string& text, base::Random& random) {
  const std::size_t at = random.below(text.size() + 1);
  const std::size_t length = random.below(9);
  switch (random.below(6)) {
    case 0:
      if (at < text.size())
        text[at] = static_cast<char>(static_cast<unsigned char>(text[at]) ^ (1U << random.below(8)));
      return;
    case 1:
      text.erase(at, length);
      return;
    case 2:
      text.insert(at, text.substr(at, length));
      return;
    case 3:
      text.insert(at, 1, static_cast<char>(random.below(256)));
      return;
    case 4:
      if (random.chance(0.1)) text.resize(at);
      return;
    default:
      text.insert(at, kTokens[random.below(kTokens.size())]);
  }
}

}  // namespace

void mutate(std::string& text, base::Random& random) {
  const std::uint64_t changes = random.below(9);
  for (std::uint64_t i = 0; i < changes; ++i) change(text, random);
}

std::string random_bytes(std::size_t bytes_max, base::Random& random) {
  std::string text(random.below(bytes_max + 1), ' ');
  const bool any = random.chance(0.2);
  for (char& c : text) c = any ? static_cast<char>(random.below(256)) : kAlphabet[random.below(kAlphabet.size())];
  if (random.chance(0.9)) text.insert(0, "{");
  return text;
}

}  // namespace twinshift::tests
