#include "aws/iso_time.hpp"

#include "aws/plain_text.hpp"

namespace twinshift::aws {
namespace {

using std::chrono::microseconds;

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  // Exactly `digits` of them; -1 where they are not there.
  int number(std::size_t digits) {
    if (rest_.size() < digits) return -1;
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (!is_digit(rest_[i])) return -1;
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(digits);
    return value;
  }
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // What stands behind the '.'; nothing where no digit does.
  std::optional<microseconds> fraction() {
    if (rest_.empty() || !is_digit(rest_.front())) return std::nullopt;
    std::int64_t value = 0;
    for (std::int64_t unit = 100'000; !rest_.empty() && is_digit(rest_.front()); unit /= 10) {
      value += (rest_.front() - '0') * unit;
      rest_.remove_prefix(1);
    }
    return microseconds(value);
  }
  // 'Z' or "+hh:mm", and nothing behind it.
  std::optional<std::chrono::minutes> offset() {
    if (take('Z') || take('z')) return end(std::chrono::minutes(0));
    const int sign = rest_.starts_with('-') ? -1 : 1;
    if (!take('+') && !take('-')) return std::nullopt;
    const int hours = number(2);
    if (hours < 0 || hours > 23) return std::nullopt;
    take(':');
    const int minutes = number(2);
    if (minutes < 0 || minutes > 59) return std::nullopt;
    return end(std::chrono::minutes(sign * (hours * 60 + minutes)));
  }

 private:
  [[nodiscard]] std::optional<std::chrono::minutes> end(std::chrono::minutes offset) const {
    if (!rest_.empty()) return std::nullopt;
    return offset;
  }

  std::string_view rest_;
};

std::optional<std::chrono::sys_days> take_date(Reader& reader) {
  const int year = reader.number(4);
  if (year < 0 || !reader.take('-')) return std::nullopt;
  const int month = reader.number(2);
  if (month < 0 || !reader.take('-')) return std::nullopt;
  const int day = reader.number(2);
  if (day < 0) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

std::optional<microseconds> take_time_of_day(Reader& reader) {
  const int hour = reader.number(2);
  if (hour < 0 || hour > 23 || !reader.take(':')) return std::nullopt;
  const int minute = reader.number(2);
  if (minute < 0 || minute > 59 || !reader.take(':')) return std::nullopt;
  const int second = reader.number(2);
  if (second < 0 || second > 60) return std::nullopt;  // 60: a leap second
  const microseconds whole = std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
  if (!reader.take('.')) return whole;
  const auto fraction = reader.fraction();
  if (!fraction) return std::nullopt;
  return whole + *fraction;
}

}  // namespace

std::optional<base::WallTime> iso_time(std::string_view text) {
  Reader reader(trimmed(text));
  const auto date = take_date(reader);
  if (!date || !reader.take('T')) return std::nullopt;
  const auto time = take_time_of_day(reader);
  if (!time) return std::nullopt;
  const auto offset = reader.offset();
  if (!offset) return std::nullopt;
  return base::WallTime(*date) + *time - *offset;
}

}  // namespace twinshift::aws
