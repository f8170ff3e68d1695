#include "base/ip_address.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstring>

namespace twinshift::base {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
constexpr unsigned kMappedBits = 96;
constexpr unsigned kBits = 128;

std::optional<unsigned> prefix_in(std::string_view text, unsigned most) {
  unsigned bits = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), bits);
  if (code != std::errc() || end != text.data() + text.size() || bits > most) return std::nullopt;
  return bits;
}

}  // namespace

IpAddress IpAddress::from_v4(std::uint32_t host_order) {
  IpAddress out;
  std::ranges::copy(kMapped, out.bytes.begin());
  for (std::size_t i = 0; i < 4; ++i) out.bytes[12 + i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
  return out;
}

bool IpAddress::is_v4() const {
  return std::equal(kMapped.begin(), kMapped.end(), bytes.begin());
}

IpAddress IpAddress::first_bits(unsigned bits) const {
  IpAddress out;
  const std::size_t whole = std::min(bits, kBits) / 8;
  std::copy_n(bytes.begin(), whole, out.bytes.begin());
  if (whole < bytes.size() && bits % 8 != 0) {
    out.bytes[whole] = static_cast<std::uint8_t>(bytes[whole] & (0xFF00U >> (bits % 8)));
  }
  return out;
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (is_v4()) {
    inet_ntop(AF_INET, bytes.data() + kMapped.size(), out.data(), out.size());
  } else {
    inet_ntop(AF_INET6, bytes.data(), out.data(), out.size());
  }
  return out.data();
}

std::optional<IpAddress> parse_ip_address(std::string_view text) {
  // A NUL would end the text for inet_pton(), and what stands behind it be believed unseen.
  if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) return std::nullopt;
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  std::ranges::copy(text, terminated.begin());
  in_addr four{};
  if (inet_pton(AF_INET, terminated.data(), &four) == 1) return IpAddress::from_v4(ntohl(four.s_addr));
  IpAddress six;
  if (inet_pton(AF_INET6, terminated.data(), six.bytes.data()) == 1) return six;
  return std::nullopt;
}

std::optional<IpNetwork> parse_ip_network(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_ip_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  IpNetwork out{*address, kBits};
  if (slash == std::string_view::npos) return out;
  const bool dotted = text.find(':') == std::string_view::npos;
  const auto bits = prefix_in(text.substr(slash + 1), dotted ? kBits - kMappedBits : kBits);
  if (!bits) return std::nullopt;
  out.bits = dotted ? kMappedBits + *bits : *bits;
  if (address->first_bits(out.bits) != *address) return std::nullopt;
  return out;
}

}  // namespace twinshift::base
