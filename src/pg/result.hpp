// RAII over a PGresult (PostgreSQL 15 manual, section 34.3.2). One thread at a time. Rows and columns count from 0.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct pg_result;

namespace twinshift::pg {

class Result {
 public:
  explicit Result(pg_result* result = nullptr) : handle_(result) {}

  [[nodiscard]] explicit operator bool() const { return handle_ != nullptr; }
  [[nodiscard]] int rows() const;
  [[nodiscard]] int columns() const;
  [[nodiscard]] std::string column_name(int column) const;
  [[nodiscard]] bool is_null(int row, int column) const;
  // Valid as long as this result.
  [[nodiscard]] std::string_view text(int row, int column) const;
  [[nodiscard]] std::optional<std::string> value(int row, int column) const;
  // 0 where it is no number.
  [[nodiscard]] std::int64_t integer(int row, int column) const;
  // Rows that the statement wrote.
  [[nodiscard]] std::uint64_t affected() const;
  [[nodiscard]] pg_result* handle() const { return handle_.get(); }

 private:
  struct Clear {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clear> handle_;
};

}  // namespace twinshift::pg
