// Of a session: what is decided by a request's head alone.
#include <utility>

#include "http/session.hpp"

namespace twinshift::http {

// Once a request: what stands in place of the handler's answer, if anything does.
std::optional<Response> Session::check_head() {
  if (std::exchange(head_checked_, true)) return std::nullopt;
  Request& request = reader_.request();
  request.client = peer_;
  const auto& check = host_.shared.options.check_head;
  return check ? check(request) : std::nullopt;
}

// The body is still to come, and nobody wants it.
void Session::answer_head(const Response& response) {
  shape_ = {.close = true, .http_1_0 = reader_.http_1_0(), .head_only = reader_.request().method == "HEAD"};
  linger_ = true;
  host_.shared.requests.fetch_add(1, std::memory_order_relaxed);
  write(response);
}

}  // namespace twinshift::http
