// The names of base/failpoints.def, which `twinshift` itself does not hold. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/failpoint.hpp"

namespace twinshift::failpoints {

// What can be asked of a point: `step` to kill or pause, `error` and `drop` these as well as themselves.
enum class May : std::uint8_t { step, error, drop };

struct Point {
  base::Failpoint point;
  std::string_view name;
  May may;
  std::string_view meaning;
};

// By base::Failpoint's values.
std::span<const Point> all_points();
std::optional<Point> find_point(std::string_view name);
std::string_view to_string(May may);

}  // namespace twinshift::failpoints
