#include "app/recent_errors.hpp"

#include <algorithm>
#include <utility>

#include <simdjson.h>

namespace twinshift::app {
namespace {

std::string text_of(const simdjson::dom::object& line, const char* name) {
  std::string_view text;
  return line[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

bool is_same(const RecentError& one, const RecentError& other) {
  return one.what == other.what && one.target == other.target && one.error == other.error;
}

}  // namespace

void RecentErrors::take(base::log::Level level, std::string_view line, base::WallTime now) {
  if (level < base::log::Level::warn) return;
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(line.data(), line.size()).get(object) != simdjson::SUCCESS) return;
  RecentError error{.level = text_of(object, "level"),
                    .what = text_of(object, "msg"),
                    .target = text_of(object, "target"),
                    .error = text_of(object, "error"),
                    .hint = text_of(object, "hint"),
                    .last = now};
  const std::lock_guard lock(mutex_);
  const auto same = std::ranges::find_if(errors_, [&](const RecentError& each) { return is_same(each, error); });
  if (same != errors_.end()) {
    error.count += same->count;
    errors_.erase(same);
  }
  errors_.push_front(std::move(error));
  if (errors_.size() > kKept) errors_.pop_back();
}

std::vector<RecentError> RecentErrors::list() const {
  const std::lock_guard lock(mutex_);
  return {errors_.begin(), errors_.end()};
}

}  // namespace twinshift::app
