#include "warehouse/schema/sql_access.hpp"

#include <charconv>
#include <utility>

namespace twinshift::warehouse {

const std::optional<std::string>* SqlResult::find(std::size_t row, std::size_t column) const {
  if (row >= rows_.size() || column >= rows_[row].size()) return nullptr;
  return &rows_[row][column];
}

std::string_view SqlResult::text(std::size_t row, std::size_t column) const {
  const auto* value = find(row, column);
  return value == nullptr || !*value ? std::string_view() : std::string_view(**value);
}

bool SqlResult::is_null(std::size_t row, std::size_t column) const {
  const auto* value = find(row, column);
  return value == nullptr || !*value;
}

std::int64_t SqlResult::integer(std::size_t row, std::size_t column) const {
  const std::string_view digits = text(row, column);
  std::int64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

bool SqlResult::is_true(std::size_t row, std::size_t column) const {
  const std::string_view value = text(row, column);
  return value == "t" || value == "true";
}

SqlOutcome<SqlResult> SqlAccess::run_one(const std::string& statement, base::SteadyTime deadline) {
  auto results = run({&statement, 1}, deadline);
  if (!results) return std::unexpected(std::move(results.error()));
  return results->empty() ? SqlResult() : std::move(results->back());
}

base::Error at_target(base::Error error, const std::string& target) {
  if (error.where != target && !error.where.starts_with(target + ",")) error.where = target + ", " + error.where;
  return error;
}

}  // namespace twinshift::warehouse
