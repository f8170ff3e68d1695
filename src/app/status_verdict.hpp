// Is everything all right? One word, one sentence, and what to do: worst first. Pure; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/metrics.hpp"

namespace twinshift::app {

enum class StatusLevel : std::uint8_t {
  well,     // nothing is to be done
  busy,     // something is behind, and catches up by itself
  warning,  // look at it in daytime
  alarm,    // somebody has to act now
};
std::string_view to_string(StatusLevel level);

struct StatusPoint {
  StatusLevel level = StatusLevel::well;
  std::string what;  // a sentence: "The secondary is away: 1,200 events wait for it"
  std::string cure;  // what to do; empty where nothing is
};

// What is not well, worst first; none: all is. Of names, counts and ages alone.
std::vector<StatusPoint> status_points(const MetricsInput& input);
StatusLevel worst_of(const std::vector<StatusPoint>& points);

// "1,234,567"; "3 min"
std::string with_commas(std::uint64_t number);
std::string about(std::chrono::seconds time);

}  // namespace twinshift::app
