// Rows as SQL literals, encoded before it is known which columns a statement will have. One thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "event/row.hpp"
#include "warehouse/schema/real_table.hpp"

namespace twinshift::warehouse {

class LiteralRows {
 public:
  // `columns`: what a row may fill. Both must outlive this.
  LiteralRows(const std::vector<WriteColumn>& columns, const event::TableShape& shape);

  // Returns how many parts the event must be stored in (event::Row::parts).
  std::size_t add(const event::EventPtr& event);

  [[nodiscard]] std::size_t rows() const { return columns_.empty() ? 0 : cells_.size() / columns_.size(); }
  // All literals' bytes.
  [[nodiscard]] std::size_t bytes() const { return text_.size(); }
  // A cell as it stands in a VALUES list; empty: NULL.
  [[nodiscard]] std::string_view cell(std::size_t row, std::size_t column) const;
  // By column: has any row a value there? AppsFlyer's fields are many, those of one app's events few.
  [[nodiscard]] const std::vector<bool>& used() const { return used_; }
  // Values that did not fit into their columns, by row.
  [[nodiscard]] std::size_t displaced(std::size_t row) const { return displaced_[row]; }

 private:
  struct Piece {
    std::uint32_t begin = 0;
    std::uint32_t size = 0;
  };
  void add_own(const WriteColumn& column, const event::Event& event);
  void add_cell(const WriteColumn& column, const event::Cell& cell);
  void add_time(const WriteColumn& column, std::string_view text);

  const std::vector<WriteColumn>& columns_;
  const event::TableShape& shape_;
  event::Row row_;
  std::string text_;
  std::vector<Piece> cells_;  // row by row
  std::vector<bool> used_;
  std::vector<std::size_t> displaced_;
};

}  // namespace twinshift::warehouse
