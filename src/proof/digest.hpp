// What is compared instead of rows: a count and two sums over `event_key`, which no order, dialect or arrival time
// changes. Two tables with the same digest of a slice hold the same ids there, but for a chance of about 2^-60 a slice.
// No I/O; any thread.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <vector>

#include "base/clock.hpp"

namespace twinshift::proof {

// The sums stay exact up to 2^32 rows: each half of a key has 31 bits.
struct Digest {
  std::int64_t rows = 0;
  std::int64_t key_low_sum = 0;
  std::int64_t key_high_sum = 0;

  void add(std::int64_t event_key);
  Digest& operator+=(const Digest& other);
  bool operator==(const Digest& other) const = default;
};

// A stretch of event_at: `from` belongs to it, `to` does not.
struct Span {
  base::WallTime from{};
  base::WallTime to{};
  bool operator==(const Span& other) const = default;
};

// Everything that event_at can be by what writes it: 1970, or 2008 to 2100. What stands elsewhere somebody has changed.
inline constexpr Span kAllTimes{base::WallTime{}, base::WallTime{std::chrono::seconds(4'102'444'800)}};

// The rows in some spans whose event_key begins with one of these prefixes of so many bits. key_bits 0: all of them.
struct Slice {
  std::vector<Span> spans{};  // apart from each other, ascending; at most kSpansMax
  int key_bits = 0;
  std::vector<std::int64_t> prefixes{};
  std::vector<std::int64_t> keys{};  // where there are some: only rows whose event_id begins as these keys do
  bool outside = false;              // instead of spans: rows whose event_at is NULL, or outside of kAllTimes
  std::array<bool, 2> empty{};       // by side: sums have shown that it holds nothing of it
};

// Of one question: where differences lie far from each other, a table that is in no order is still read once.
inline constexpr std::size_t kSpansMax = 32;
inline constexpr int kKeyBits = 62;
// A slice that is too large to be listed falls into so many (2^6) parts.
inline constexpr int kSplitBits = 6;

// The window that a time is in, counted from 1970: the last one that begins at or before it.
std::int64_t window_of(base::WallTime at, std::chrono::seconds window);
Span span_of(std::int64_t window_number, std::chrono::seconds window);

// By number of window, or by the key's first bits.
using Digests = std::map<std::int64_t, Digest>;

// Where the two differ; ascending.
std::vector<std::int64_t> differing(const Digests& one, const Digests& other);

}  // namespace twinshift::proof
