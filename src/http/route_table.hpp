// Which handler serves a request, or the answer that says why none does.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "http/server.hpp"

namespace twinshift::http {

// Immutable after construction: any thread may look up.
class RouteTable {
 public:
  explicit RouteTable(const Routes& routes);
  // The handler (owned by the table), or a 404 or 405. The texts never repeat what the client sent.
  [[nodiscard]] std::variant<const Handler*, Response> find(std::string_view method, std::string_view path) const;

 private:
  struct Path {
    std::string path;
    std::string allow;  // "GET, HEAD, POST"
    std::vector<Routes::Route> routes;
  };
  // A handful: looking through them is faster than a hash.
  std::vector<Path> paths_;
  std::string not_found_;
};

}  // namespace twinshift::http
