// The page at `/` and its assets, which the program carries in itself (src/app/page/). Any thread.
#pragma once

#include <span>
#include <string_view>

#include "app/admin_door.hpp"
#include "http/server.hpp"

namespace twinshift::app {

struct Asset {
  std::string_view name;  // of its file: "page.css"
  std::string_view bytes;
  std::string_view etag;  // in quotes
};
// Written by the build from src/app/page/.
std::span<const Asset> page_assets();

// `/` and `/assets/...`. Needs the header "if-none-match" kept. `door` outlives the server.
void add_page_routes(http::Routes& routes, const AdminDoor& door);

}  // namespace twinshift::app
