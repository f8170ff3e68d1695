#include "tests/failpoints/points.hpp"

#include <algorithm>
#include <array>

namespace twinshift::failpoints {
namespace {

using base::Failpoint;

constexpr auto kPoints = std::to_array<Point>({
#define TWINSHIFT_FAILPOINT(id, name, may, meaning) {Failpoint::id, name, May::may, meaning},
#include "base/failpoints.def"
#undef TWINSHIFT_FAILPOINT
});

}  // namespace

std::span<const Point> all_points() {
  return kPoints;
}

std::optional<Point> find_point(std::string_view name) {
  const auto* found = std::ranges::find(kPoints, name, &Point::name);
  if (found == kPoints.end()) return std::nullopt;
  return *found;
}

std::string_view to_string(May may) {
  switch (may) {
    case May::step:
      return "step";
    case May::error:
      return "error";
    case May::drop:
      return "drop";
  }
  return "step";
}

}  // namespace twinshift::failpoints
