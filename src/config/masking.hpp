// Hiding what must not be shown. In doubt more is hidden, never less. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace twinshift::config {

inline constexpr std::string_view kMask = "********";

// User names stay; passwords, user infos without a name, and all parameters that are not known to be harmless go.
std::string masked_url(std::string_view url);

}  // namespace twinshift::config
