#include <charconv>
#include <cstdint>
#include <cstring>

#include "event/canonical.hpp"

namespace twinshift::event {
namespace {

// Exponents up to this many digits are added as machine integers; longer ones as decimal text.
constexpr std::size_t kSmallExponentDigits = 17;
constexpr std::size_t kIntegerTextMax = 21;

char* copy(std::string_view text, char* out) {
  if (!text.empty()) std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

std::string_view without_leading_zeros(std::string_view digits) {
  const std::size_t first = digits.find_first_not_of('0');
  return first == std::string_view::npos ? std::string_view{} : digits.substr(first);
}

struct Parts {
  bool negative = false;
  std::string_view whole;     // before the point
  std::string_view fraction;  // behind it
  bool exponent_negative = false;
  std::string_view exponent;  // digits without leading zeros
};

Parts split(std::string_view number) {
  Parts parts;
  if (number.front() == '-') {
    parts.negative = true;
    number.remove_prefix(1);
  }
  const std::size_t e = number.find_first_of("eE");
  if (e != std::string_view::npos) {
    std::string_view exponent = number.substr(e + 1);
    parts.exponent_negative = exponent.front() == '-';
    if (exponent.front() == '-' || exponent.front() == '+') exponent.remove_prefix(1);
    parts.exponent = without_leading_zeros(exponent);
    number = number.substr(0, e);
  }
  const std::size_t point = number.find('.');
  parts.whole = number.substr(0, point);
  if (point != std::string_view::npos) parts.fraction = number.substr(point + 1);
  return parts;
}

// The magnitude of `digits` changed by `change` as decimal text. `digits` has more than kSmallExponentDigits digits,
// so the result's sign is that of `digits`: |change| is at most a text's length.
char* write_changed(std::string_view digits, std::int64_t change, char* out) {
  *out = '0';  // room for a carry
  char* const first = out + 1;
  char* const end = copy(digits, first);
  std::int64_t carry = change;
  for (char* at = end; carry != 0 && at != out;) {
    --at;
    const std::int64_t sum = (*at - '0') + carry;
    std::int64_t digit = sum % 10;
    carry = sum / 10;
    if (digit < 0) {
      digit += 10;
      --carry;
    }
    *at = static_cast<char>('0' + digit);
  }
  const std::string_view result = without_leading_zeros({out, static_cast<std::size_t>(end - out)});
  std::memmove(out, result.data(), result.size());
  return out + result.size();
}

// The written exponent plus `shift`.
char* write_exponent(const Parts& parts, std::int64_t shift, char* out) {
  if (parts.exponent.size() <= kSmallExponentDigits) {
    std::int64_t exponent = 0;
    std::from_chars(parts.exponent.data(), parts.exponent.data() + parts.exponent.size(), exponent);
    return std::to_chars(out, out + kIntegerTextMax, (parts.exponent_negative ? -exponent : exponent) + shift).ptr;
  }
  if (parts.exponent_negative) *out++ = '-';
  return write_changed(parts.exponent, parts.exponent_negative ? -shift : shift, out);
}

}  // namespace

char* write_canonical_number(std::string_view number, char* out) {
  const Parts parts = split(number);
  *out++ = 'n';
  char* const sign = out;
  if (parts.negative) *out++ = '-';
  char* const digits = out;
  const std::string_view whole = without_leading_zeros(parts.whole);
  out = copy(whole, out);
  out = copy(whole.empty() ? without_leading_zeros(parts.fraction) : parts.fraction, out);
  std::int64_t shift = -static_cast<std::int64_t>(parts.fraction.size());
  while (out != digits && out[-1] == '0') {
    --out;
    ++shift;
  }
  if (out == digits) return copy("0;", sign);
  *out++ = 'e';
  out = write_exponent(parts, shift, out);
  *out++ = ';';
  return out;
}

}  // namespace twinshift::event
