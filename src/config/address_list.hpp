// Lists of addresses and networks: WEBHOOK_ALLOW, TRUSTED_PROXIES. Any thread.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/ip_address.hpp"

namespace twinshift::config {

// Each request goes through the list from its beginning.
inline constexpr std::size_t kNetworksMax = 1'000;

// Separated by commas, blanks around each ignored; `appsflyer` stands for the ranges that AppsFlyer publishes. Empty:
// none. `invalid` names `variable` and the entry's position.
base::Result<std::vector<base::IpNetwork>> parse_address_list(std::string_view variable, std::string_view list);

// True where one of them holds it.
bool contains(const std::vector<base::IpNetwork>& networks, const base::IpAddress& address);

}  // namespace twinshift::config
