// A request's target, cut into path and query.
#pragma once

#include <string>
#include <string_view>

namespace twinshift::http {

// Takes the origin form ("/a/b/?c") and the absolute form ("http://host/a/b/?c"); one trailing slash is removed, also
// before the query. Percent signs stay as sent. What has no path ("*", "http://host") gets "*" and "/".
inline void split_target(std::string_view target, std::string& path, std::string& query) {
  if (!target.starts_with('/')) {
    if (const auto scheme = target.find("://"); scheme != std::string_view::npos) {
      const auto slash = target.find_first_of("/?", scheme + 3);
      target = slash == std::string_view::npos ? std::string_view() : target.substr(slash);
    }
  }
  const auto mark = target.find('?');
  std::string_view before = target.substr(0, mark);
  if (before.size() > 1 && before.ends_with('/')) before.remove_suffix(1);
  path.assign(before.empty() ? std::string_view("/") : before);
  query.assign(mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1));
}

}  // namespace twinshift::http
