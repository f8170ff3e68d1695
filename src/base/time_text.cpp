#include "base/time_text.hpp"

#include <array>

namespace twinshift::base {
namespace {

struct Parts {
  std::chrono::year_month_day date;
  std::int64_t hour, minute, second, micro;
};

Parts split(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::int64_t us = (time - day).count();
  return {std::chrono::year_month_day{day}, us / 3'600'000'000, us / 60'000'000 % 60, us / 1'000'000 % 60,
          us % 1'000'000};
}

void put(std::string& out, std::int64_t value, int digits) {
  std::array<char, 8> buffer{};
  for (int i = digits - 1; i >= 0; --i, value /= 10)
    buffer[static_cast<std::size_t>(i)] = static_cast<char>('0' + value % 10);
  out.append(buffer.data(), static_cast<std::size_t>(digits));
}

std::string date_and_time(const Parts& p, char separator) {
  std::string out;
  out.reserve(27);
  put(out, int{p.date.year()}, 4);
  out += '-';
  put(out, unsigned{p.date.month()}, 2);
  out += '-';
  put(out, unsigned{p.date.day()}, 2);
  out += separator;
  put(out, p.hour, 2);
  out += ':';
  put(out, p.minute, 2);
  out += ':';
  put(out, p.second, 2);
  return out;
}

}  // namespace

std::string iso8601_ms(WallTime time) {
  const Parts p = split(time);
  std::string out = date_and_time(p, 'T');
  out += '.';
  put(out, p.micro / 1000, 3);
  out += 'Z';
  return out;
}

std::string sql_timestamp(WallTime time) {
  const Parts p = split(time);
  std::string out = date_and_time(p, ' ');
  if (p.micro == 0) return out;
  out += '.';
  if (p.micro % 1000 == 0) {
    put(out, p.micro / 1000, 3);
  } else {
    put(out, p.micro, 6);
  }
  return out;
}

std::int64_t epoch_ms(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace twinshift::base
