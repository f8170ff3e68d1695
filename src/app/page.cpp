#include "app/page.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace twinshift::app {
namespace {

constexpr std::string_view kIndex = "index.html";
// Nothing from elsewhere, nothing inline, in nobody's frame.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

std::string type_of(std::string_view name) {
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  return "text/html; charset=utf-8";
}

void answer(const Asset& asset, const http::Request& request, http::Responder responder) {
  http::Response response;
  response.headers = {{"Cache-Control", "no-cache"},
                      {"ETag", std::string(asset.etag)},
                      {"Content-Security-Policy", kPolicy},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Referrer-Policy", "no-referrer"}};
  const auto known = std::ranges::find(request.headers, "if-none-match", &std::pair<std::string, std::string>::first);
  if (known != request.headers.end() && known->second == asset.etag) {
    response.status = 304;
    return responder.send(std::move(response));
  }
  response.content_type = type_of(asset.name);
  response.body = asset.bytes;
  responder.send(std::move(response));
}

}  // namespace

void add_page_routes(http::Routes& routes, const AdminDoor& door) {
  for (const Asset& asset : page_assets()) {
    const std::string path = asset.name == kIndex ? "/" : "/assets/" + std::string(asset.name);
    routes.add("GET", path, door.guard([&asset](const http::Request& request, http::Responder responder) {
      answer(asset, request, std::move(responder));
    }),
               true);
  }
}

}  // namespace twinshift::app
