// Runs checks in groups, each group on a thread of its own, and waits for none longer than its limit. A check that
// hangs is told as failed and its thread left behind: what it uses must be shared with it, and the process must end by
// _exit().
//
// run_groups() blocks its caller up to the deadline.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/doctor_check.hpp"
#include "base/clock.hpp"

namespace twinshift::app {

// For one check; longer than each of its calls may take by its own limit, so that these tell what was wrong.
inline constexpr std::chrono::milliseconds kCheckMax{10'000};

struct Step {
  std::string_view id;           // of check_kinds()
  std::function<Finding()> run;  // may block
  // Where it fails, those behind it in its group would only fail for the same reason: they are skipped.
  bool is_ground = true;
  std::chrono::milliseconds limit = kCheckMax;
  // The host that it waits for. Where it does not answer by the limit or the deadline, that is the guide's Issue 1.
  std::string host = {};
};

struct Group {
  std::string about;
  std::vector<Step> steps;  // one after the other
};

struct GroupsRun {
  std::vector<Check> checks;  // by the order of groups and steps, whatever ended first
  bool leaves_threads = false;
};

// All groups side by side. What has not begun by the deadline is skipped, what has not ended has failed.
GroupsRun run_groups(std::vector<Group> groups, base::SteadyTime deadline);

}  // namespace twinshift::app
