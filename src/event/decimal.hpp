// Exact decimal numbers as text. No value passes through a double, no digit is lost without being told. Knows no
// locale. Any thread may call these.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace twinshift::event {

// A number's spelling taken apart: `digits` leading and trailing zeros removed stand in two pieces of the text (before
// and after its point); the value is 0.DIGITS x 10^point.
class Number {
 public:
  // [+-]digits[.digits][(e|E)[+-]digits], with a digit on at least one side of the point: JSON's numbers and what
  // people write in texts. No blanks, no thousands separators, no "N/A".
  static std::optional<Number> parse(std::string_view text);

  [[nodiscard]] bool negative() const { return negative_; }
  [[nodiscard]] bool zero() const { return count_ == 0; }
  [[nodiscard]] std::size_t digits() const { return count_; }  // significant ones, 0 for zero
  [[nodiscard]] std::int64_t point() const { return point_; }  // integer digits; zero or less for 0.0...
  [[nodiscard]] char digit(std::size_t index) const {          // index < digits()
    const std::size_t at = first_ + index;
    return at < whole_.size() ? whole_[at] : fraction_[at - whole_.size()];
  }

 private:
  void find_significant(std::int64_t exponent);

  std::string_view whole_, fraction_;
  std::size_t first_ = 0, count_ = 0;
  std::int64_t point_ = 0;
  bool negative_ = false;
};

// A JSON database type may keep numbers as doubles: 15 significant digits and exponents to +-300 survive that, others
// may not.
bool survives_double(const Number& number);

// The canonical text: "-12.5": no exponent, no needless zero, "0" for zero.
struct DecimalText {
  static constexpr int kPrecisionMax = 60;
  std::array<char, 2 * kPrecisionMax + 8> bytes;
  std::size_t size = 0;
  [[nodiscard]] std::string_view view() const { return {bytes.data(), size}; }
};

enum class DecimalFit : std::uint8_t {
  none,     // more integer digits than DECIMAL(precision, scale) holds; `out` is empty
  rounded,  // half to even, to the scale
  exact,
};
DecimalFit fit_decimal(const Number& number, int precision, int scale, DecimalText& out);

}  // namespace twinshift::event
