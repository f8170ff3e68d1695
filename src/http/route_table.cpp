#include "http/route_table.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "http/response_text.hpp"

namespace twinshift::http {

void Routes::add(std::string method, std::string path, Handler handler, bool head_too) {
  TWINSHIFT_ASSERT(handler != nullptr);
  TWINSHIFT_ASSERT(path.starts_with('/') && (path.size() == 1 || !path.ends_with('/')));
  routes_.push_back({std::move(method), std::move(path), std::move(handler), head_too});
}

RouteTable::RouteTable(const Routes& routes) {
  not_found_ = "Not found: this service takes";
  for (const auto& route : routes.all()) {
    auto at = std::ranges::find(paths_, route.path, &Path::path);
    if (at == paths_.end()) {
      paths_.push_back({route.path, "", {}});
      at = std::prev(paths_.end());
    }
    if (!at->allow.empty()) at->allow += ", ";
    at->allow += route.method;
    if (route.head_too) at->allow += ", HEAD";
    at->routes.push_back(route);
    not_found_ += (not_found_.ends_with("takes") ? " " : ", ") + route.method + " " + route.path;
  }
}

std::variant<const Handler*, Response> RouteTable::find(std::string_view method, std::string_view path) const {
  const auto at = std::ranges::find(paths_, path, &Path::path);
  if (at == paths_.end()) return error_response(404, not_found_);
  for (const auto& route : at->routes) {
    if (route.method == method || (route.head_too && method == "HEAD")) return &route.handler;
  }
  Response response = error_response(405, "Method not allowed: this path takes " + at->allow);
  response.headers.emplace_back("Allow", at->allow);
  return response;
}

}  // namespace twinshift::http
