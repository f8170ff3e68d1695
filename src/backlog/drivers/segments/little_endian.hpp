// Numbers in the byte order of the files (little endian), whatever the machine's. Any thread.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace twinshift::backlog::segments {

template <std::unsigned_integral T>
void put(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(value >> (8 * i));
}

// `bytes` must hold sizeof(T) bytes from `at`.
template <std::unsigned_integral T>
T get(std::string_view bytes, std::size_t at) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value =
        static_cast<T>(value | static_cast<T>(static_cast<T>(static_cast<unsigned char>(bytes[at + i])) << (8 * i)));
  }
  return value;
}

inline std::int64_t get_signed(std::string_view bytes, std::size_t at) {
  return static_cast<std::int64_t>(get<std::uint64_t>(bytes, at));
}
inline void put_signed(std::string& out, std::int64_t value) {
  put(out, static_cast<std::uint64_t>(value));
}

// zlib's CRC-32 (ISO 3309).
std::uint32_t checksum(std::string_view bytes);

}  // namespace twinshift::backlog::segments
