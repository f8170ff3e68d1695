// Where a target is, from its settings. Any thread; reads AWS's shared files, else no I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "app/aws_access.hpp"
#include "app/doctor_network.hpp"
#include "base/error.hpp"
#include "config/settings.hpp"

namespace twinshift::app {

struct TargetWay {
  std::string endpoint;             // for people
  Host host;                        // without a name: nothing to ask the network for
  std::optional<AwsAccess> access;  // of targets on AWS
};
base::Result<TargetWay> way_to(const config::Settings& settings, const config::TargetSettings& target);

// How it is reached; fails where the endpoint's name says another region than the settings.
Finding check_endpoint(const config::TargetSettings& target, const std::string& endpoint);

// The AWS region that a host's name says: "vpce-1.redshift-data.ap-south-1.vpce.amazonaws.com" -> "ap-south-1"; empty
// where it says none.
std::string region_in(std::string_view host);

}  // namespace twinshift::app
