// Log lines as JSON on standard output, in the shape of the service we replace: level (a word), time (ms), msg, then
// named fields.
//
//   log::info("SQS Consumer started").add("queue", "sqlite");
//
// The line is written when the temporary dies. Any thread may log. A line never holds an event's values or a secret:
// callers pass names, counts, ids and driver texts that their driver has already cleaned.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json_text.hpp"

namespace twinshift::base::log {

// pino's names and order.
enum class Level { trace, debug, info, warn, error, fatal, silent };

std::optional<Level> level_from(std::string_view name);
std::string_view to_string(Level level);

void set_level(Level level);
bool enabled(Level level);
// Where lines go; the default is standard output. For tests.
void set_sink(std::function<void(std::string_view line)> sink);
// Writes what is buffered; called before exit.
void flush();

class Line {
 public:
  Line(Level level, std::string_view message);
  ~Line();
  Line(Line&& other) noexcept;
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  Line& operator=(Line&&) = delete;

  template <class T>
  Line& add(std::string_view key, const T& value) {
    if (on_) fields_.add(key, value);
    return *this;
  }
  Line& add_ms(std::string_view key, std::chrono::nanoseconds duration);
  // "error": text, "errorKind": kind, "hint": what to do.
  Line& add(const Error& error);

 private:
  bool on_;
  JsonObject fields_;
};

inline Line trace(std::string_view message) {
  return {Level::trace, message};
}
inline Line debug(std::string_view message) {
  return {Level::debug, message};
}
inline Line info(std::string_view message) {
  return {Level::info, message};
}
inline Line warn(std::string_view message) {
  return {Level::warn, message};
}
inline Line error(std::string_view message) {
  return {Level::error, message};
}
inline Line fatal(std::string_view message) {
  return {Level::fatal, message};
}

// Lets the same message through once in `every`; otherwise counts. One object a message; one thread at a time.
class Throttle {
 public:
  explicit Throttle(std::chrono::milliseconds every = std::chrono::seconds(30)) : every_(every) {}

  // The number of occurrences this line stands for (1 + those kept back), or nothing where it is to be kept back.
  // Another `key` (the error's text, say) is let through at once.
  std::optional<std::uint64_t> pass(std::string_view key, SteadyTime now);

 private:
  std::chrono::milliseconds every_;
  std::string key_;
  SteadyTime last_{};
  bool any_ = false;
  std::uint64_t kept_back_ = 0;
};

}  // namespace twinshift::base::log
