#include "proof/digest.hpp"

#include <set>

#include "warehouse/markers.hpp"

namespace twinshift::proof {

void Digest::add(std::int64_t event_key) {
  ++rows;
  key_low_sum += warehouse::key_low(event_key);
  key_high_sum += warehouse::key_high(event_key);
}

Digest& Digest::operator+=(const Digest& other) {
  rows += other.rows;
  key_low_sum += other.key_low_sum;
  key_high_sum += other.key_high_sum;
  return *this;
}

std::int64_t window_of(base::WallTime at, std::chrono::seconds window) {
  const auto since_1970 = std::chrono::floor<std::chrono::seconds>(at.time_since_epoch());
  const std::int64_t number = since_1970 / window;
  return since_1970 % window < std::chrono::seconds(0) ? number - 1 : number;
}

Span span_of(std::int64_t window_number, std::chrono::seconds window) {
  const base::WallTime from{window_number * window};
  return {from, from + window};
}

std::vector<std::int64_t> differing(const Digests& one, const Digests& other) {
  static constexpr Digest kNothing;
  std::set<std::int64_t> found;
  for (const auto& [number, digest] : one) {
    const auto there = other.find(number);
    if (digest != (there == other.end() ? kNothing : there->second)) found.insert(number);
  }
  for (const auto& [number, digest] : other) {
    if (!one.contains(number) && digest != kNothing) found.insert(number);
  }
  return {found.begin(), found.end()};
}

}  // namespace twinshift::proof
