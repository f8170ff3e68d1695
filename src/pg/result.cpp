#include "pg/result.hpp"

#include <charconv>
#include <libpq-fe.h>

namespace twinshift::pg {
namespace {

std::int64_t number_in(std::string_view text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

void Result::Clear::operator()(pg_result* result) const {
  PQclear(result);
}

int Result::rows() const {
  return PQntuples(handle_.get());
}

int Result::columns() const {
  return PQnfields(handle_.get());
}

std::string Result::column_name(int column) const {
  const char* name = PQfname(handle_.get(), column);
  return name == nullptr ? std::string() : std::string(name);
}

bool Result::is_null(int row, int column) const {
  return PQgetisnull(handle_.get(), row, column) != 0;
}

std::string_view Result::text(int row, int column) const {
  if (row >= rows() || column >= columns()) return {};
  return {PQgetvalue(handle_.get(), row, column), static_cast<std::size_t>(PQgetlength(handle_.get(), row, column))};
}

std::optional<std::string> Result::value(int row, int column) const {
  if (is_null(row, column)) return std::nullopt;
  return std::string(text(row, column));
}

std::int64_t Result::integer(int row, int column) const {
  return number_in(text(row, column));
}

std::uint64_t Result::affected() const {
  const char* text = PQcmdTuples(handle_.get());
  return text == nullptr ? 0 : static_cast<std::uint64_t>(number_in(text));
}

}  // namespace twinshift::pg
