#include "config/address_list.hpp"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

#include "config/text.hpp"

namespace twinshift::config {
namespace {

constexpr std::string_view kAppsFlyer = "appsflyer";
// As published since February 2022.
constexpr std::array<std::string_view, 2> kAppsFlyerRanges{"45.92.116.0/22", "194.28.46.0/23"};

std::unexpected<base::Error> wrong(std::string_view variable, std::string message) {
  return base::fail(base::ErrorKind::invalid, std::move(message), std::string(variable),
                    "Separate addresses (203.0.113.7), networks (10.0.0.0/8, 2001:db8::/32) and the word appsflyer by "
                    "commas");
}

}  // namespace

base::Result<std::vector<base::IpNetwork>> parse_address_list(std::string_view variable, std::string_view list) {
  std::vector<base::IpNetwork> out;
  if (trimmed(list).empty()) return out;
  std::size_t position = 0;
  for (const std::string_view part : split(list, ',')) {
    ++position;
    const std::string_view entry = trimmed(part);
    if (lower(entry) == kAppsFlyer) {
      for (const auto range : kAppsFlyerRanges) out.push_back(base::parse_ip_network(range).value());
    } else if (const auto network = base::parse_ip_network(entry)) {
      out.push_back(*network);
    } else if (entry.empty()) {
      return wrong(variable, fmt::format("entry {} is empty", position));
    } else {
      return wrong(variable,
                   fmt::format("entry {} is no address and no network (or has bits set behind its prefix)", position));
    }
    if (out.size() > kNetworksMax) return wrong(variable, fmt::format("there are more than {}", kNetworksMax));
  }
  return out;
}

bool contains(const std::vector<base::IpNetwork>& networks, const base::IpAddress& address) {
  return std::ranges::any_of(networks, [&](const base::IpNetwork& network) { return network.contains(address); });
}

}  // namespace twinshift::config
