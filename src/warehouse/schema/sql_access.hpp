// A way to a SQL server, as far as what every way needs: statements in, small results as text out. The wire and the
// Data API implement it, so that reading a table's shape and setting it up is written once.
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace twinshift::warehouse {

// What one statement gave. Rows and columns count from 0; what is not there reads as empty.
class SqlResult {
 public:
  using Row = std::vector<std::optional<std::string>>;

  SqlResult() = default;
  explicit SqlResult(std::vector<Row> rows) : rows_(std::move(rows)) {}

  [[nodiscard]] std::size_t rows() const { return rows_.size(); }
  // Valid as long as this result.
  [[nodiscard]] std::string_view text(std::size_t row, std::size_t column) const;
  [[nodiscard]] bool is_null(std::size_t row, std::size_t column) const;
  // 0 where it is no number.
  [[nodiscard]] std::int64_t integer(std::size_t row, std::size_t column) const;
  // "t" and "true": servers differ in how they spell it.
  [[nodiscard]] bool is_true(std::size_t row, std::size_t column) const;

 private:
  [[nodiscard]] const std::optional<std::string>* find(std::size_t row, std::size_t column) const;

  std::vector<Row> rows_;
};

struct SqlFailure {
  base::Error error;           // quotes no values of rows
  std::string sqlstate;        // empty where it is not known
  bool already_there = false;  // what the statement was to make is there already
  bool lost = false;           // the connection is of no more use
};
template <class T>
using SqlOutcome = std::expected<T, SqlFailure>;

// Names the target in the error's place, where it does not stand there yet.
base::Error at_target(base::Error error, const std::string& target);

inline constexpr std::string_view kNoRight = "42501";  // insufficient_privilege

class SqlAccess {
 public:
  virtual ~SqlAccess() = default;

  // Statements in their order, together; a result for each. All or none takes effect.
  virtual SqlOutcome<std::vector<SqlResult>> run(std::span<const std::string> statements,
                                                 base::SteadyTime deadline) = 0;

  SqlOutcome<SqlResult> run_one(const std::string& statement, base::SteadyTime deadline);
};

}  // namespace twinshift::warehouse
