#include "event/decimal.hpp"

#include <algorithm>

namespace twinshift::event {
namespace {

// Beyond this an exponent only means "does not fit"; the bound keeps sums of it and of a length far from overflow.
constexpr std::int64_t kExponentMax = 1'000'000'000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string_view take_digits(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count])) ++count;
  const std::string_view digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

bool take_sign(std::string_view& text) {
  if (text.empty() || (text.front() != '-' && text.front() != '+')) return false;
  const bool negative = text.front() == '-';
  text.remove_prefix(1);
  return negative;
}

// Nothing where the exponent has no digits.
std::optional<std::int64_t> take_exponent(std::string_view& text) {
  if (text.empty() || (text.front() != 'e' && text.front() != 'E')) return 0;
  text.remove_prefix(1);
  const bool negative = take_sign(text);
  const std::string_view digits = take_digits(text);
  if (digits.empty()) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : digits) value = std::min<std::int64_t>(value * 10 + (c - '0'), kExponentMax);
  return negative ? -value : value;
}

// The digits that are kept, as a mutable text, and where its point is.
struct Digits {
  std::array<char, DecimalText::kPrecisionMax + 1> bytes;
  std::size_t count = 0;
  std::int64_t point = 0;
};

bool rounds_up(const Number& number, std::size_t kept) {
  const char next = number.digit(kept);
  if (next != '5') return next > '5';
  if (kept + 1 < number.digits()) return true;  // the rest is not zero: trailing zeros are not counted as digits
  return kept > 0 && (number.digit(kept - 1) - '0') % 2 == 1;
}

void add_one(Digits& digits) {
  std::size_t at = digits.count;
  while (at > 0 && digits.bytes[at - 1] == '9') --at;
  digits.count = at;  // nines became zeros, and trailing zeros are left out
  if (at > 0) {
    ++digits.bytes[at - 1];
  } else {
    digits.bytes[0] = '1';
    digits.count = 1;
    ++digits.point;
  }
}

void strip_zeros(Digits& digits) {
  while (digits.count > 0 && digits.bytes[digits.count - 1] == '0') --digits.count;
}

void write(bool negative, const Digits& digits, DecimalText& out) {
  const auto put = [&out](char c) { out.bytes[out.size++] = c; };
  if (digits.count == 0) return put('0');
  if (negative) put('-');
  if (digits.point <= 0) {
    put('0');
    put('.');
    for (std::int64_t i = digits.point; i < 0; ++i) put('0');
  }
  for (std::size_t i = 0; i < digits.count; ++i) {
    if (i > 0 && static_cast<std::int64_t>(i) == digits.point) put('.');
    put(digits.bytes[i]);
  }
  for (auto i = static_cast<std::int64_t>(digits.count); i < digits.point; ++i) put('0');
}

}  // namespace

std::optional<Number> Number::parse(std::string_view text) {
  Number number;
  number.negative_ = take_sign(text);
  number.whole_ = take_digits(text);
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    number.fraction_ = take_digits(text);
  }
  if (number.whole_.empty() && number.fraction_.empty()) return std::nullopt;
  const std::optional<std::int64_t> exponent = take_exponent(text);
  if (!exponent || !text.empty()) return std::nullopt;
  number.find_significant(*exponent);
  return number;
}

void Number::find_significant(std::int64_t exponent) {
  const std::size_t all = whole_.size() + fraction_.size();
  std::size_t last = all;
  while (first_ < all && digit(0) == '0') ++first_;
  if (first_ == all) return;
  const std::size_t first = first_;
  while (digit(last - 1 - first) == '0') --last;
  count_ = last - first;
  point_ = static_cast<std::int64_t>(whole_.size()) - static_cast<std::int64_t>(first) + exponent;
}

bool survives_double(const Number& number) {
  return number.digits() <= 15 && number.point() >= -299 && number.point() <= 300;
}

DecimalFit fit_decimal(const Number& number, int precision, int scale, DecimalText& out) {
  out.size = 0;
  precision = std::clamp(precision, 0, DecimalText::kPrecisionMax);
  scale = std::clamp(scale, 0, precision);
  const std::int64_t whole_max = precision - scale;
  if (!number.zero() && number.point() > whole_max) return DecimalFit::none;

  Digits digits;
  digits.point = number.point();
  const std::int64_t room = number.point() + scale;  // digits that the scale leaves; less than zero: far below it
  const bool exact = static_cast<std::int64_t>(number.digits()) <= room || number.zero();
  digits.count = exact ? number.digits() : static_cast<std::size_t>(std::max<std::int64_t>(room, 0));
  for (std::size_t i = 0; i < digits.count; ++i) digits.bytes[i] = number.digit(i);
  if (!exact && room >= 0 && rounds_up(number, digits.count)) add_one(digits);
  strip_zeros(digits);
  if (digits.count > 0 && digits.point > whole_max) return DecimalFit::none;  // 9.99 became 10
  write(number.negative(), digits, out);
  return exact ? DecimalFit::exact : DecimalFit::rounded;
}

}  // namespace twinshift::event
