// How many connections each address has open, and a warning where one has no room for more. Any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "base/ip_address.hpp"
#include "base/log.hpp"

namespace twinshift::http {

// Holds one entry for each address with a connection: at most Options::connections_max.
class PeerCounts {
 public:
  // False where it has `most` already; else the connection counts, and closed() must follow.
  bool opened(const base::IpAddress& peer, std::size_t most) {
    const std::lock_guard lock(mutex_);
    std::size_t& count = counts_[peer];
    if (count >= most) return false;
    ++count;
    return true;
  }
  void closed(const base::IpAddress& peer) {
    const std::lock_guard lock(mutex_);
    const auto at = counts_.find(peer);
    if (at != counts_.end() && --at->second == 0) counts_.erase(at);
  }
  // At most once every 30 s, whatever the address: whoever comes from many must not fill the log.
  void tell_no_room(const base::IpAddress& peer, std::size_t most) {
    std::optional<std::uint64_t> count;
    {
      const std::lock_guard lock(mutex_);
      count = told_.pass("", std::chrono::steady_clock::now());
    }
    if (!count) return;
    base::log::warn("A connection was refused: its address has as many open as one may have")
        .add("client", peer.text())
        .add("most", static_cast<std::uint64_t>(most))
        .add("count", *count)
        .add("hint", "If it is a sender of yours, raise HTTP_CONNECTIONS_PER_CLIENT_MAX (docs/security-intake.md)");
  }

 private:
  std::mutex mutex_;
  std::unordered_map<base::IpAddress, std::size_t> counts_;  // mutex_
  base::log::Throttle told_;                                 // mutex_
};

}  // namespace twinshift::http
