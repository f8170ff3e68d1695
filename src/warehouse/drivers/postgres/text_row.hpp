// Rows as text parameters of a prepared statement, for servers without COPY FROM STDIN. One thread at a time.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "event/row.hpp"
#include "pg/connection.hpp"
#include "warehouse/schema/real_table.hpp"

namespace twinshift::warehouse {

// Gathers the parameters of some rows; clear() for the next statement.
class TextRows {
 public:
  TextRows(std::vector<WriteColumn> columns, event::TableShape shape);

  // The position first, then the columns. Returns how many parts the event must be stored in (event::Row::parts).
  std::size_t add(const event::EventPtr& event, std::uint32_t position);
  // A row of the stage of parts.
  void add_part(const event::Event& event, std::uint32_t position, std::size_t part, std::size_t parts,
                std::string_view body);
  void clear();

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t bytes() const { return text_.size(); }
  // Values that did not fit into their columns, since the last call.
  std::uint64_t take_displaced() { return std::exchange(displaced_, 0); }
  // Which columns hold a value in some row since the beginning of time: by the order of the columns. Most of
  // AppsFlyer's fields never occur in one app's events, and a parameter costs the server though it is NULL.
  [[nodiscard]] const std::vector<bool>& used() const { return used_; }
  // The positions' and the used columns' values, row by row; of add_part(): all. Valid until the next add() or clear().
  std::span<const pg::Parameter> parameters();

 private:
  void add_text(std::string_view text);
  void add_null() { begins_.push_back(kNull); }
  void add_own(const WriteColumn& column, const event::Event& event);
  void add_cell(const WriteColumn& column, const event::Cell& cell);

  static constexpr std::size_t kNull = static_cast<std::size_t>(-1);
  std::vector<WriteColumn> columns_;
  event::TableShape shape_;
  event::Row row_;
  std::string text_;                 // every value, each ended by a NUL, as libpq wants texts
  std::vector<std::size_t> begins_;  // kNull or a place in text_
  std::vector<pg::Parameter> parameters_;
  std::vector<bool> used_;
  std::size_t rows_ = 0;
  std::uint64_t displaced_ = 0;
};

}  // namespace twinshift::warehouse
