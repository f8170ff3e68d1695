// What all io threads of one server share. This header does not know Boost.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>

#include "http/kept_headers.hpp"
#include "http/peer_counts.hpp"
#include "http/request_reader.hpp"
#include "http/route_table.hpp"
#include "http/server.hpp"

namespace twinshift::http {

struct Shared {
  Shared(Options o, const Routes& r)
      : options(std::move(o)),
        routes(r),
        headers_kept(options.headers_kept),
        limits{options.header_bytes_max, options.body_bytes_max, headers_kept} {}

  const Options options;
  const RouteTable routes;
  KeptHeaders headers_kept;
  const RequestReader::Limits limits;
  PeerCounts peers;  // of connections that are bounded by address

  // Served connections; those that are only told that there is no room are counted in `turning_away`.
  std::atomic<std::uint64_t> connections_open{0};
  std::atomic<std::uint64_t> turning_away{0};
  std::atomic<std::uint64_t> connections_refused{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::size_t> unfinished_bytes{0};
  std::atomic<std::uint64_t> timeouts{0};
  std::atomic<std::uint64_t> tls_handshakes_failed{0};

  void closed_one() {
    if (connections_open.fetch_sub(1) != 1) return;
    const std::lock_guard lock(mutex_);
    none_open_.notify_all();
  }
  // Returns when no connection is open, or after `limit`.
  void wait_none_open(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    none_open_.wait_for(lock, limit, [this] { return connections_open.load() == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_open_;
};

}  // namespace twinshift::http
