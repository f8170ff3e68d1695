#include "base/ids.hpp"

#include <array>
#include <cstring>
#include <sys/random.h>

#include "base/random.hpp"

namespace twinshift::base {
namespace {

constexpr char kHex[] = "0123456789abcdef";

// Seeded once a thread from the kernel; UUIDs need uniqueness, not secrecy, and a system call an event would cost.
Random& thread_random() {
  thread_local Random random(random_seed());
  return random;
}

}  // namespace

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  auto* out = reinterpret_cast<char*>(&seed);
  std::size_t got = 0;
  while (got < sizeof seed) {
    const ssize_t n = getrandom(out + got, sizeof seed - got, 0);
    if (n > 0) got += static_cast<std::size_t>(n);
  }
  return seed;
}

std::string to_hex(std::string_view bytes) {
  std::string text(bytes.size() * 2, '0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text[2 * i] = kHex[byte >> 4];
    text[2 * i + 1] = kHex[byte & 15];
  }
  return text;
}

std::string uuid_v7(const Clock& clock) {
  const auto ms = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(clock.now().time_since_epoch()).count());
  std::array<unsigned char, 16> b{};
  for (int i = 0; i < 6; ++i) b[static_cast<std::size_t>(i)] = static_cast<unsigned char>(ms >> (40 - 8 * i));
  const std::uint64_t high = thread_random().next();
  const std::uint64_t low = thread_random().next();
  std::memcpy(&b[6], &high, 2);
  std::memcpy(&b[8], &low, 8);
  b[6] = static_cast<unsigned char>((b[6] & 0x0F) | 0x70);
  b[8] = static_cast<unsigned char>((b[8] & 0x3F) | 0x80);
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kHex[b[i] >> 4];
    text += kHex[b[i] & 15];
  }
  return text;
}

}  // namespace twinshift::base
