// Log lines as JSON on standard output, in the shape of the service we replace: level (a word), time (ms), msg, then
// named fields.
//
//   log::info("SQS Consumer started").add("queue", "sqlite");
//
// The line is written when the temporary dies. Any thread may log. A line never holds an event's values or a secret:
// callers pass names, counts, ids and driver texts that their driver has already cleaned.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
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
// Told each line of the log as it is written, on the writer's thread: short, and without logging itself. One watcher at
// a time; an empty one ends it, and when this returns nobody is being told any more.
void watch(std::function<void(Level level, std::string_view line)> watcher);
// A line that is not of the log but stands among its lines, whole, whatever the level: for who reads standard output.
void write_beside(std::string_view line);
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
  Level level_;
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

// Lets each of a few texts through once in `every` and counts the others, so errors that alternate are each held down.
// One object a message; one thread at a time.
class Throttle {
 public:
  // Texts held down each by itself. Within `every` the texts beyond these share one more place: however many there are,
  // kKeysMax + 1 lines pass.
  static constexpr std::size_t kKeysMax = 4;

  explicit Throttle(std::chrono::milliseconds every = std::chrono::seconds(30)) : every_(every) {}

  // The number of occurrences this line stands for (1 + those kept back since its text, or one that shared its place,
  // passed last), or nothing where it is to be kept back. A new `key` (the error's text, say) passes at once while one
  // of kKeysMax places is free. What was kept back of a text that does not come again is not told.
  std::optional<std::uint64_t> pass(std::string_view key, SteadyTime now);

 private:
  struct Place {
    std::string key;
    SteadyTime last{};
    std::uint64_t kept_back = 0;
    bool any = false;
  };
  [[nodiscard]] bool is_free(const Place& place, SteadyTime now) const;
  Place& place_of(std::string_view key, SteadyTime now);

  std::chrono::milliseconds every_;
  std::array<Place, kKeysMax + 1> places_;  // the last one is shared
};

}  // namespace twinshift::base::log
