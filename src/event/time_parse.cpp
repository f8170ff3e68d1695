#include "event/time_parse.hpp"

#include <chrono>
#include <cstddef>

namespace twinshift::event {
namespace {

using std::chrono::microseconds;

constexpr int kFractionDigitsMax = 9;
constexpr int kFractionDigitsKept = 6;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Takes text from its front; each function leaves it as it was where what it looks for is not there.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool empty() const { return rest_.empty(); }
  bool next_is_digit() const { return !rest_.empty() && is_digit(rest_.front()); }

  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // Exactly `count` digits, at most `max`.
  bool number(std::size_t count, int max, int& value) {
    if (rest_.size() < count) return false;
    int sum = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (!is_digit(rest_[i])) return false;
      sum = sum * 10 + (rest_[i] - '0');
    }
    if (sum > max) return false;
    rest_.remove_prefix(count);
    value = sum;
    return true;
  }

 private:
  std::string_view rest_;
};

bool read_date_and_clock(Reader& in, base::WallTime& local) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (!in.number(4, 9999, year) || !in.take('-') || !in.number(2, 12, month) || !in.take('-') ||
      !in.number(2, 31, day)) {
    return false;
  }
  if (!in.take(' ') && !in.take('T')) return false;
  if (!in.number(2, 23, hour) || !in.take(':') || !in.number(2, 59, minute) || !in.take(':') ||
      !in.number(2, 59, second)) {
    return false;
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return false;
  local = base::WallTime(std::chrono::sys_days(date)) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
          std::chrono::seconds(second);
  return true;
}

bool read_fraction(Reader& in, ParsedTime& time) {
  if (!in.take('.')) return true;
  std::int64_t us = 0;
  int digits = 0;
  for (int digit = 0; in.next_is_digit(); ++digits) {
    if (digits == kFractionDigitsMax || !in.number(1, 9, digit)) return false;
    if (digits < kFractionDigitsKept) {
      us = us * 10 + digit;
    } else if (digit != 0) {
      time.truncated = true;
    }
  }
  if (digits == 0) return false;
  for (int i = digits; i < kFractionDigitsKept; ++i) us *= 10;
  time.fraction_digits = digits;
  time.local += microseconds(us);
  return true;
}

bool read_offset(Reader& in, ParsedTime& time) {
  if (in.empty()) return true;
  in.take(' ');
  time.had_offset = true;
  if (in.take('Z')) return true;
  const bool east = in.take('+');
  if (!east && !in.take('-')) return false;
  int hours = 0;
  int minutes = 0;
  if (!in.number(2, 23, hours)) return false;
  if (!in.empty()) {
    in.take(':');
    if (!in.number(2, 59, minutes)) return false;
  }
  time.offset_minutes = (east ? 1 : -1) * (hours * 60 + minutes);
  return true;
}

std::optional<ParsedTime> read_epoch(std::string_view text) {
  std::int64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  ParsedTime time;
  time.epoch = true;
  time.utc = base::WallTime(microseconds(text.size() == 10 ? value * 1'000'000 : value * 1'000));
  time.local = time.utc;
  return time;
}

}  // namespace

std::optional<ParsedTime> parse_timestamp(std::string_view text) {
  if (text.size() == 10 || text.size() == 13) return read_epoch(text);
  Reader in(text);
  ParsedTime time;
  if (!read_date_and_clock(in, time.local) || !read_fraction(in, time) || !read_offset(in, time) || !in.empty()) {
    return std::nullopt;
  }
  time.utc = time.local - std::chrono::minutes(time.offset_minutes);
  return time;
}

}  // namespace twinshift::event
