// What the page shows: one thread takes the figures once a second, and all viewers get the same text. GET /api/status
// answers it, GET /api/events pushes each new one (server-sent events).
//
// Threads: one of its own, from start() to stop(). Routes' handlers run on io threads.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "app/metrics.hpp"
#include "app/recent_errors.hpp"
#include "app/status_history.hpp"
#include "app/status_json.hpp"
#include "base/clock.hpp"
#include "http/server.hpp"

namespace twinshift::app {

class StatusBoard {
 public:
  static constexpr std::chrono::milliseconds kEvery{1'000};
  // Viewers at once; further ones are told to come again.
  static constexpr std::size_t kViewersMax = 64;
  // The quarantine is read again at most so often, and only where its number of records has changed.
  static constexpr std::chrono::seconds kRefusedEvery{30};

  struct Parts {
    std::function<MetricsInput()> read;                     // the thread's
    std::function<std::vector<RefusedWhy>()> read_refused;  // likewise; may be empty
    std::string queue_driver{};
    const base::Clock* clock = &base::system_clock();
    std::chrono::milliseconds every = kEvery;
  };
  explicit StatusBoard(Parts parts);
  ~StatusBoard();
  StatusBoard(const StatusBoard&) = delete;
  StatusBoard& operator=(const StatusBoard&) = delete;

  void start();
  void stop();  // idempotent

  using Text = std::shared_ptr<const std::string>;
  // The last one. Never null after start().
  [[nodiscard]] Text text() const;
  void answer_status(http::Responder responder) const;
  void answer_events(http::Responder responder);
  [[nodiscard]] std::size_t viewers() const;

 private:
  void run(const std::stop_token& stop);
  void step();
  void read_refused(const MetricsInput& figures);
  void push(const Text& text);

  const Parts parts_;
  const base::WallTime started_at_;
  RecentErrors errors_;
  // The thread's.
  StatusHistory history_;
  std::vector<RefusedWhy> refused_;
  std::uint64_t refused_records_ = 0;
  base::SteadyTime refused_at_{};

  mutable std::mutex mutex_;
  Text text_;                                           // mutex_
  std::vector<std::shared_ptr<http::Stream>> viewers_;  // mutex_
  std::jthread thread_;
};

// Why a target refuses events, from a quarantine's file, most first: at most kRefusedWhyMax of the newest
// kRefusedReadMax records.
inline constexpr std::size_t kRefusedWhyMax = 8;
inline constexpr std::size_t kRefusedReadMax = 1'000;
std::vector<RefusedWhy> reasons_of(const std::vector<quarantine::Record>& records);

}  // namespace twinshift::app
