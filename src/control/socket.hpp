// A Unix socket with a bound on every wait. One thread at a time.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.hpp"

namespace twinshift::control {

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();
  [[nodiscard]] int get() const { return number_; }

 private:
  int number_;
};

// The folder's path may be longer than a socket's address (108 bytes, unix(7)), so it goes by /proc/self/fd.
base::Result<Descriptor> listen_in(const std::filesystem::path& folder);
base::Result<Descriptor> connect_in(const std::filesystem::path& folder);

// Until `end` has been read, `bytes_max` have, or the other side has closed.
base::Result<std::string> read_until(int socket, std::string_view end, std::size_t bytes_max,
                                     std::chrono::milliseconds silence_max);
base::Status write_all(int socket, std::string_view bytes, std::chrono::milliseconds silence_max);

}  // namespace twinshift::control
