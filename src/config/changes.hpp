// Two readings of the configuration, compared and made into one: what a reload needs. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "config/option.hpp"
#include "config/settings.hpp"

namespace twinshift::config {

// An option whose value differs; the same value from another place is no change.
struct Change {
  std::string_view name;
  Kind kind = Kind::text;
  std::string from, to;  // as shown_value() has them: secrets masked; empty: unset
};

// "LOG_LEVEL info -> debug". Of a secret or a URL the name alone: what is masked in both says nothing.
std::string to_string(const Change& change);

// In the order of options.def.
std::vector<Change> changes(const Loaded& now, const Loaded& fresh);

// Variables of AWS's own that are no option of ours, by name: those that differ.
std::vector<std::string> changed_aws_variables(const Loaded& now, const Loaded& fresh);

// `now` with the options `names` as `fresh` has them, and what follows from them. Errors (`invalid`): they do not go
// together with what stays as it is.
base::Result<Loaded> with_options(const Loaded& now, const Loaded& fresh, const std::vector<std::string_view>& names);

}  // namespace twinshift::config
