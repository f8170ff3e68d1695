// The file of refused bodies: PRAGMA application_id "TSrf", user_version 1, one table, and its counts in one row.
//   refused(id, received_at us since 1970, status, reason, path, body)    refused_state(bodies, bytes of bodies)
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "queue/refused_store.hpp"
#include "sqlite/database.hpp"

namespace twinshift::queue {

// One thread at a time.
class RefusedFile {
 public:
  struct Counts {
    std::uint64_t bodies = 0;
    std::uint64_t bytes = 0;
  };

  // Creates it where there is none. Errors: conflict (not ours, or newer), corrupt, unavailable.
  static base::Result<RefusedFile> open(const std::string& path);

  // In one transaction: the bodies in, the oldest out until the bounds hold. The number that went out.
  base::Result<std::uint64_t> keep(const std::vector<const RefusedBody*>& bodies, std::uint64_t bodies_max,
                                   std::uint64_t bytes_max);

  base::Result<std::vector<RefusedEntry>> list(std::size_t entries_max);
  base::Result<std::string> body(std::int64_t id);
  [[nodiscard]] Counts counts() const { return counts_; }

 private:
  explicit RefusedFile(sqlite::Database database) : database_(std::move(database)) {}
  base::Status insert(const std::vector<const RefusedBody*>& bodies, Counts& counts);
  base::Result<std::uint64_t> drop_oldest(std::uint64_t bodies_max, std::uint64_t bytes_max, Counts& counts);
  base::Status save(const Counts& counts);

  sqlite::Database database_;
  Counts counts_;
};

}  // namespace twinshift::queue
