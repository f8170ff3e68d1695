// Refused bodies in one SQLite file of their own, written by one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "queue/refused_store.hpp"

namespace twinshift::queue {

struct RefusedLimits {
  std::uint64_t bodies_max = 10'000;  // 0: none is kept, keep() succeeds and counts it as dropped
  std::uint64_t bytes_max = 64'000'000;
  // Bodies that wait for a commit; beyond it `full`.
  std::size_t inbox_bodies_max = 1024;
  std::size_t inbox_bytes_max = 8'000'000;
};

base::Result<std::unique_ptr<RefusedStore>> open_sqlite_refused_store(const std::string& path, RefusedLimits limits);

}  // namespace twinshift::queue
