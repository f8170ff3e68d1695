// How many connections each address has open. Any thread.
#pragma once

#include <cstddef>
#include <mutex>
#include <unordered_map>

#include "base/ip_address.hpp"

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

 private:
  std::mutex mutex_;
  std::unordered_map<base::IpAddress, std::size_t> counts_;  // mutex_
};

}  // namespace twinshift::http
