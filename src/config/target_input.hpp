// One target's options side by side, so that the rules are written once for all targets. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "config/settings.hpp"

namespace twinshift::config {

struct TargetInput {
  std::string name;    // "primary"
  std::string prefix;  // of its REDSHIFT_ variables: "", "SECONDARY_"
  std::string url_variable;
  std::string url;
  TargetSettings target;  // filled from its variables; driver and path still open

  [[nodiscard]] bool redshift() const { return !target.cluster_identifier.empty() || !target.workgroup_name.empty(); }
  [[nodiscard]] bool configured() const { return !url.empty() || redshift(); }
  // The variable that says it is configured.
  [[nodiscard]] std::string chosen_by() const;
};

TargetInput primary_input(const Settings& settings);
TargetInput secondary_input(const Settings& settings);

}  // namespace twinshift::config
