#include "app/status_board.hpp"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <tuple>
#include <utility>

#include "base/log.hpp"
#include "base/thread.hpp"

namespace twinshift::app {
namespace {

// After a lost connection a browser comes again by itself, this soon.
constexpr const char* kRetry = "retry: 2000\n\n";

std::string message_of(const std::string& text) {
  return "data: " + text + "\n\n";
}

std::uint64_t records_of(const MetricsInput& figures) {
  std::uint64_t all = 0;
  for (const auto& [target, records] : figures.quarantine.records) all += records;
  return all;
}

}  // namespace

StatusBoard::StatusBoard(Parts parts) : parts_(std::move(parts)), started_at_(parts_.clock->now()) {}

StatusBoard::~StatusBoard() {
  stop();
}

void StatusBoard::start() {
  base::log::watch(
      [this](base::log::Level level, std::string_view line) { errors_.take(level, line, parts_.clock->now()); });
  step();
  thread_ = base::start_thread("status", [this](const std::stop_token& stop) { run(stop); });
}

void StatusBoard::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  base::log::watch({});
}

void StatusBoard::run(const std::stop_token& stop) {
  base::yield_to_other_threads();
  std::mutex mutex;
  std::condition_variable_any never;
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex);
      never.wait_for(lock, stop, parts_.every, [] { return false; });
    }
    if (!stop.stop_requested()) step();
  }
}

void StatusBoard::step() {
  const MetricsInput figures = parts_.read();
  history_.take(figures, parts_.clock->steady());
  read_refused(figures);
  auto text = std::make_shared<const std::string>(status_json({.figures = &figures,
                                                               .history = &history_,
                                                               .errors = errors_.list(),
                                                               .refused = refused_,
                                                               .queue_driver = parts_.queue_driver,
                                                               .started_at = started_at_}));
  push(text);
}

void StatusBoard::read_refused(const MetricsInput& figures) {
  const std::uint64_t records = records_of(figures);
  const auto now = parts_.clock->steady();
  if (!parts_.read_refused || records == refused_records_ ||
      (refused_records_ > 0 && now - refused_at_ < kRefusedEvery))
    return;
  refused_ = records == 0 ? std::vector<RefusedWhy>() : parts_.read_refused();
  refused_records_ = records;
  refused_at_ = now;
}

void StatusBoard::push(const Text& text) {
  const auto message = std::make_shared<const std::string>(message_of(*text));
  const std::lock_guard lock(mutex_);
  text_ = text;
  std::erase_if(viewers_, [](const auto& viewer) { return viewer->closed(); });
  for (const auto& viewer : viewers_) viewer->push(message);
}

StatusBoard::Text StatusBoard::text() const {
  const std::lock_guard lock(mutex_);
  return text_;
}

std::size_t StatusBoard::viewers() const {
  const std::lock_guard lock(mutex_);
  return viewers_.size();
}

void StatusBoard::answer_status(http::Responder responder) const {
  http::Response response;
  response.body = *text();
  response.headers.emplace_back("Cache-Control", "no-store");
  responder.send(std::move(response));
}

void StatusBoard::answer_events(http::Responder responder) {
  const std::lock_guard lock(mutex_);
  std::erase_if(viewers_, [](const auto& viewer) { return viewer->closed(); });
  http::Response head;
  if (viewers_.size() >= kViewersMax) {
    head.status = 503;
    head.body = R"({"success":false,"error":"Too many viewers: try again later"})";
    head.headers.emplace_back("Retry-After", "10");
    return responder.send(std::move(head));
  }
  head.content_type = "text/event-stream; charset=utf-8";
  head.headers.emplace_back("Cache-Control", "no-store");
  head.body = kRetry + message_of(*text_);
  viewers_.push_back(responder.stream(std::move(head)));
}

std::vector<RefusedWhy> reasons_of(const std::vector<quarantine::Record>& records) {
  std::map<std::tuple<std::string, std::string, std::string>, std::uint64_t> counts;
  for (const quarantine::Record& each : records) ++counts[{each.target, each.column, each.error_class}];
  std::vector<RefusedWhy> all;
  for (const auto& [key, events] : counts) {
    all.push_back({std::get<0>(key), std::get<1>(key), std::get<2>(key), events});
  }
  std::ranges::stable_sort(all, std::greater(), &RefusedWhy::events);
  if (all.size() > kRefusedWhyMax) all.resize(kRefusedWhyMax);
  return all;
}

}  // namespace twinshift::app
