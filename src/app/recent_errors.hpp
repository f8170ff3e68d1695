// The last warnings and errors of the log, equal ones folded, for the page. They hold what the log holds: names, counts
// and cleaned texts of drivers, no event's values. Any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace twinshift::app {

struct RecentError {
  std::string level;
  std::string what;    // the line's message
  std::string target;  // where it has one
  std::string error;
  std::string hint;
  std::uint64_t count = 1;
  base::WallTime last{};
};

class RecentErrors {
 public:
  static constexpr std::size_t kKept = 30;

  // A line of the log (base::log::watch()). Others than warnings and errors are left out.
  void take(base::log::Level level, std::string_view line, base::WallTime now);
  // Newest first.
  [[nodiscard]] std::vector<RecentError> list() const;

 private:
  mutable std::mutex mutex_;
  std::deque<RecentError> errors_;  // mutex_; newest first
};

}  // namespace twinshift::app
