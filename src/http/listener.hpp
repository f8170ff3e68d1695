// The listening socket, and the process's room for open files.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.hpp"

namespace twinshift::http {

struct Listener {
  int fd = -1;  // non-blocking, close-on-exec; the caller's to close
  std::uint16_t port = 0;
};

// `host`: an address or a name of this machine; `port` 0: any free one. Errors: invalid (no such host), unavailable
// (address in use, no permission).
base::Result<Listener> listen_on(const std::string& host, std::uint16_t port);

// Raises the soft limit of open files to the hard one, as each connection is one.
void raise_open_files_limit();

}  // namespace twinshift::http
