// The INSERT of one event: a prepared statement and the row that feeds it, both used again for each event. One thread
// at a time, that of the connection.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "event/row.hpp"
#include "sqlite/database.hpp"
#include "warehouse/drivers/sqlite/sqlite_dialect.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::warehouse {

class RowInsert {
 public:
  static base::Result<RowInsert> prepare(sqlite::Database& database, const std::string& table, event::TableShape shape,
                                         bool unique = true);

  // Within the caller's transaction: written or duplicate, or the error; an error of kind `rejected` has undone this
  // row alone.
  // Values of the last insert() that did not fit into their columns.
  [[nodiscard]] std::uint64_t displaced() const { return row_.displaced; }
  base::Result<Outcome> insert(sqlite::Database& database, const event::EventPtr& event);

 private:
  // Own columns in the order of the table; see sqlite_dialect.cpp.
  struct Own {
    int event_id = 0;
    int id_version = 0;
    int event_key = 0;
    int event_at = 0;
    std::array<int, 3> arrival{};  // received_at, created_at, updated_at
    int extra = 0;
  };
  // A parameter fed from a cell, and whether it holds a value now: most stay null from row to row, and a parameter that
  // need not be touched costs nothing.
  struct Place {
    std::size_t cell;
    int parameter;
    bool number;
    bool set;
  };

  RowInsert(sqlite::Statement statement, event::TableShape shape, const std::vector<InsertColumn>& columns);
  void place(std::string_view name, int parameter);
  void bind_own(const event::Event& event);
  void bind_cells();

  sqlite::Statement statement_;
  event::TableShape shape_;
  event::Row row_;
  Own own_;
  std::vector<Place> places_;
  std::array<char, 32> id_{};
  std::string event_at_;
  std::string received_at_;
};

}  // namespace twinshift::warehouse
