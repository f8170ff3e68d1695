// Numbers in the byte order of the files (little endian), whatever the machine's, and reading that ends at the end. Any
// thread.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace twinshift::journal {

static_assert(std::endian::native == std::endian::little, "columns are copied as they stand in memory");

template <std::integral T>
void put(std::string& out, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

// `bytes` must hold sizeof(T) bytes from `at`.
template <std::integral T>
T get(std::string_view bytes, std::size_t at) {
  T value{};
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

// Takes from the front; from bytes that are too few it takes nothing and is `failed`.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : rest_(bytes) {}

  template <std::integral T>
  T number() {
    const std::string_view bytes = take(sizeof(T));
    return failed_ ? T{} : get<T>(bytes, 0);
  }
  std::string_view take(std::size_t size) {
    failed_ = failed_ || size > rest_.size();
    if (failed_) return {};
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::string_view text() {  // length u16, bytes
    return take(number<std::uint16_t>());
  }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

// zlib's CRC-32 (ISO 3309).
std::uint32_t checksum(std::string_view bytes);

}  // namespace twinshift::journal
