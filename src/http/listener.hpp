// The listening socket, and the process's room for open files.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.hpp"

namespace twinshift::http {

struct Address {
  std::string host;        // an address or a name of this machine; empty: all
  std::uint16_t port = 0;  // 0: any free one
  // The options that said so, for what an error tells to do.
  std::string host_option = "HOST";
  std::string port_option = "PORT";
};

struct Listener {
  int fd = -1;  // non-blocking, close-on-exec; the caller's to close
  std::uint16_t port = 0;
};

// Errors: invalid (no such host), conflict (address in use), unavailable (no permission, not of this machine).
base::Result<Listener> listen_on(const Address& address);
// Whether listen_on() could: takes the address and lets go of it at once, without a connection. Errors as above.
base::Status could_listen_on(const Address& address);

// Raises the soft limit of open files to the hard one, as each connection is one.
void raise_open_files_limit();

}  // namespace twinshift::http
