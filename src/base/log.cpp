#include "base/log.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <utility>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/time_text.hpp"

namespace twinshift::base::log {
namespace {

constexpr std::array<std::string_view, 7> kNames = {"trace", "debug", "info", "warn", "error", "fatal", "silent"};

std::atomic<Level> threshold{Level::info};

struct Output {
  std::mutex mutex;
  std::function<void(std::string_view)> custom;
  std::shared_ptr<spdlog::logger> logger;

  Output() {
    logger = std::make_shared<spdlog::logger>("twinshift", std::make_shared<spdlog::sinks::stdout_sink_mt>());
    logger->set_pattern("%v");
    logger->set_level(spdlog::level::trace);
    logger->flush_on(spdlog::level::trace);  // a line in a buffer is lost by kill -9
  }
};

// Never destroyed: threads may still log while the program's statics die.
Output& output() {
  static auto* const instance = new Output;
  return *instance;
}

void write(std::string_view line) {
  Output& out = output();
  std::function<void(std::string_view)> custom;
  {
    const std::lock_guard lock(out.mutex);
    custom = out.custom;
  }
  if (custom) {
    custom(line);
  } else {
    out.logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
  }
}

struct Watching {
  std::mutex mutex;
  std::function<void(Level, std::string_view)> watcher;
  std::atomic<bool> any{false};
};

Watching& watching() {
  static auto* const instance = new Watching;
  return *instance;
}

void tell_watcher(Level level, std::string_view line) {
  Watching& watch = watching();
  if (!watch.any.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock(watch.mutex);
  if (watch.watcher) watch.watcher(level, line);
}

}  // namespace

std::optional<Level> level_from(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Level>(i);
  }
  return std::nullopt;
}

std::string_view to_string(Level level) {
  return kNames[static_cast<std::size_t>(level)];
}
void set_level(Level level) {
  threshold = level;
}
bool enabled(Level level) {
  return level >= threshold.load(std::memory_order_relaxed);
}

void set_sink(std::function<void(std::string_view line)> sink) {
  const std::lock_guard lock(output().mutex);
  output().custom = std::move(sink);
}

void watch(std::function<void(Level level, std::string_view line)> watcher) {
  Watching& watch = watching();
  const std::lock_guard lock(watch.mutex);
  watch.any = static_cast<bool>(watcher);
  watch.watcher = std::move(watcher);
}

void write_beside(std::string_view line) {
  write(line);
}

void flush() {
  output().logger->flush();
}

Line::Line(Level level, std::string_view message) : on_(enabled(level) && level != Level::silent), level_(level) {
  if (!on_) return;
  fields_.add("level", to_string(level)).add("time", epoch_ms(system_clock().now())).add("msg", message);
}

Line::Line(Line&& other) noexcept : on_(other.on_), level_(other.level_), fields_(std::move(other.fields_)) {
  other.on_ = false;
}

Line::~Line() {
  if (!on_) return;
  const std::string text = fields_.text();
  write(text);
  tell_watcher(level_, text);
}

Line& Line::add_ms(std::string_view key, std::chrono::nanoseconds duration) {
  return add(key, static_cast<std::int64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()));
}

Line& Line::add(const Error& error) {
  if (!on_) return *this;
  fields_.add("error", error.where.empty() ? error.message : error.message + " (" + error.where + ")");
  fields_.add("errorKind", base::to_string(error.kind));
  if (!error.hint.empty()) fields_.add("hint", error.hint);
  return *this;
}

bool Throttle::is_free(const Place& place, SteadyTime now) const {
  return !place.any || now - place.last >= every_;
}

Throttle::Place& Throttle::place_of(std::string_view key, SteadyTime now) {
  const std::span own = std::span(places_).first<kKeysMax>();
  const auto known = std::ranges::find_if(own, [&](const Place& each) { return each.any && each.key == key; });
  if (known != own.end()) return *known;
  const auto free = std::ranges::find_if(own, [&](const Place& each) { return is_free(each, now); });
  if (free == own.end()) return places_.back();
  *free = {.key = std::string(key)};
  return *free;
}

std::optional<std::uint64_t> Throttle::pass(std::string_view key, SteadyTime now) {
  Place& place = place_of(key, now);
  if (!is_free(place, now)) {
    ++place.kept_back;
    return std::nullopt;
  }
  place.any = true;
  place.last = now;
  return std::exchange(place.kept_back, 0) + 1;
}

}  // namespace twinshift::base::log
