// From single options to what runs: which queue, which targets, each by which driver; and what does not go together.
// Any thread; looks at no file's contents.
#pragma once

#include <string_view>

#include "config/findings.hpp"
#include "config/settings.hpp"

namespace twinshift::config {

// Fills queue, primary, secondary and secondary_off of `loaded.settings`. `unread`: as in Findings.
Findings resolve(Loaded& loaded, OptionNames unread = {});

// Single settings that contradict each other.
void check_limits(const Settings& settings, Findings& findings);

// The host is a cluster's own or a Redshift-managed VPC endpoint: no Data API listens there, only the wire does.
bool speaks_wire_only(std::string_view endpoint);

}  // namespace twinshift::config
