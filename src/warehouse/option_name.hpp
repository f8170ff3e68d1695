// What an option is called for one target: for hints, so that a person raises the right one. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace twinshift::warehouse {

// `target`: "primary", "secondary". `option`: the primary's name, "REDSHIFT_STATEMENT_TIMEOUT"; the secondary's begins
// with SECONDARY_ (src/config/options.def).
inline std::string option_name(std::string_view target, std::string_view option) {
  return (target == "secondary" ? "SECONDARY_" : "") + std::string(option);
}

}  // namespace twinshift::warehouse
