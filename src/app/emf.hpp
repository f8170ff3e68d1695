// The guide's key metrics as lines of CloudWatch's Embedded Metric Format (METRICS_EMF): CloudWatch Logs makes metrics
// of them, no call of ours does. Amazon CloudWatch user guide, "Embedded metric format specification": a line of at
// most 256 KB, at most 100 metrics in it, numbers only, at most 30 dimensions, each combination of which is billed: so
// none is an id.
//
// Threads: one of its own, from start() to stop(). start(), stop() and finish() by one thread.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "app/metrics.hpp"

namespace twinshift::app {

inline constexpr const char* kEmfService = "twinshift";  // the value of the dimension Service

// One line for the service, one for each target: what happened between the two moments, and how things stand at the
// later one. What has no value (a success rate without a try) is left out.
std::vector<std::string> emf_lines(const std::string& name_space, const MetricsInput& before, const MetricsInput& now);

class EmfReporter {
 public:
  struct Parts {
    std::string name_space;
    std::chrono::milliseconds interval{60'000};
    std::function<MetricsInput()> read;                  // the thread's, finish() its caller's
    std::function<void(const std::string& line)> write;  // likewise
  };
  explicit EmfReporter(Parts parts) : parts_(std::move(parts)) {}
  ~EmfReporter() { stop(); }
  EmfReporter(const EmfReporter&) = delete;
  EmfReporter& operator=(const EmfReporter&) = delete;

  void start();
  // Reads and writes nothing more on its own. Idempotent.
  void stop();
  // After stop(), where nothing more happens: writes what has happened since the last lines, once.
  void finish();

 private:
  void write(const MetricsInput& now);

  const Parts parts_;
  std::optional<MetricsInput> before_;  // at the last lines; the thread's while it runs
  std::jthread thread_;
};

}  // namespace twinshift::app
