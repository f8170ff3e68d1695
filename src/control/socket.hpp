// A Unix socket with a bound on every wait. Of one socket, one thread at a time.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/descriptor.hpp"
#include "base/error.hpp"

namespace twinshift::control {

using base::Descriptor;

// How long a call may last in all, and what ends it before: a descriptor that can be read, which nobody reads.
struct Patience {
  std::chrono::milliseconds most{0};
  int cancel = -1;  // none
};

// The folder's path may be longer than a socket's address (108 bytes, unix(7)), so it goes by /proc/self/fd.
base::Result<Descriptor> listen_in(const std::filesystem::path& folder);
// Waits kSilenceMax where more ask than the listener has room for. not_found: nobody listens.
base::Result<Descriptor> connect_in(const std::filesystem::path& folder);

// Until `end` has been read. Errors: invalid (bytes_max were read before), cancelled, unavailable (the time is over, or
// the other side has closed).
base::Result<std::string> read_until(int socket, std::string_view end, std::size_t bytes_max, Patience patience);
// What can be written without waiting is written in any case. Errors as above, less `invalid`.
base::Status write_all(int socket, std::string_view bytes, Patience patience);

}  // namespace twinshift::control
