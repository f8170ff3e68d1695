// Addresses and networks of IPv4 and IPv6. Plain values; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace twinshift::base {

// An IPv4 address is kept as IPv6 maps it (::ffff:a.b.c.d), so each address has one form however it came. The default
// one, ::, is no client's.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  static IpAddress from_v4(std::uint32_t host_order);
  [[nodiscard]] bool is_v4() const;
  // Its first `bits` (of 128), the rest 0.
  [[nodiscard]] IpAddress first_bits(unsigned bits) const;
  [[nodiscard]] std::string text() const;
  bool operator==(const IpAddress&) const = default;
};

// "203.0.113.7", "2001:db8::1", "::ffff:203.0.113.7"; no port, no zone, no blanks, no leading zeros in IPv4.
std::optional<IpAddress> parse_ip_address(std::string_view text);

struct IpNetwork {
  IpAddress address;
  unsigned bits = 128;  // IPv4's /n is 96 + n

  [[nodiscard]] bool contains(const IpAddress& other) const { return other.first_bits(bits) == address; }
  bool operator==(const IpNetwork&) const = default;
};

// An address (a network of one), or "10.0.0.0/8", "2001:db8::/32". Bits behind the prefix must be 0: what is written
// otherwise is a slip more often than not.
std::optional<IpNetwork> parse_ip_network(std::string_view text);

}  // namespace twinshift::base

template <>
struct std::hash<twinshift::base::IpAddress> {
  std::size_t operator()(const twinshift::base::IpAddress& address) const noexcept {
    return std::hash<std::string_view>()({reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size()});
  }
};
