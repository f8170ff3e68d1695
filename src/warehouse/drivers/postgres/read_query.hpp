// Reading statements, each in a read-only transaction of its own, on a connection that is kept for a while.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "pg/connection.hpp"
#include "warehouse/drivers/postgres/session.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::warehouse {

// A connection that was idle for longer is made anew: what lies between may have forgotten it.
inline constexpr std::chrono::seconds kReadingKept{20};

// One thread at a time.
class ReadingSession {
 public:
  // At most `rows_max` rows are fetched, through a cursor. `invalid` where `sql` is not one reading statement.
  base::Result<Table> query(const pg::Parameters& parameters, const SessionLimits& limits, const LoginSource& login,
                            const std::string& sql, std::size_t rows_max);

 private:
  base::Status connect(const pg::Parameters& parameters, const SessionLimits& limits, const LoginSource& login);
  base::Result<Table> read(const pg::Parameters& parameters, const SessionLimits& limits, const std::string& sql,
                           std::size_t rows_max);
  base::Result<Table> fetch(std::size_t rows_a_time, std::size_t rows_max, base::SteadyTime deadline);

  std::optional<pg::Connection> connection_;
  base::SteadyTime used_{};
};

}  // namespace twinshift::warehouse
