// The page's figures as JSON: GET /api/status, and each message of GET /api/events. docs/page.md names every member,
// and a test holds it to that. No event's values. Pure; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/metrics.hpp"
#include "app/recent_errors.hpp"
#include "app/status_history.hpp"

namespace twinshift::app {

// Of the quarantine: why, and how many.
struct RefusedWhy {
  std::string target;
  std::string column;
  std::string reason;
  std::uint64_t events = 0;
};

struct StatusInput {
  const MetricsInput* figures = nullptr;
  const StatusHistory* history = nullptr;
  std::vector<RecentError> errors{};
  std::vector<RefusedWhy> refused{};  // at most so many as are worth a look
  std::string queue_driver{};         // "sqlite", "sqs"
  base::WallTime started_at{};
};

std::string status_json(const StatusInput& input);

}  // namespace twinshift::app
