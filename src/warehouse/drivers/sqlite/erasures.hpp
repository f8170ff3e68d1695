// `twinshift_erased` in an SQLite file: asked by each batch, filled by Warehouse::erase(). One thread at a time, that
// of the connection; within the caller's transaction.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "event/event.hpp"
#include "sqlite/database.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::warehouse {

class Erasures {
 public:
  static base::Result<Erasures> prepare(sqlite::Database& database, const std::string& table);

  // At the beginning of a batch. While nothing was ever erased this is all that a batch pays.
  base::Status begin_batch();
  // Was this event erased?
  base::Result<bool> holds(const event::EventId& id);
  // Of an erased event: parameters as insert_erased_duplicate_sql() has them, 1 to 7.
  sqlite::Statement& insert_duplicate() { return insert_duplicate_; }

 private:
  Erasures(std::string table, sqlite::Statement any, sqlite::Statement one, sqlite::Statement duplicate)
      : table_(std::move(table)),
        any_erased_(std::move(any)),
        is_erased_(std::move(one)),
        insert_duplicate_(std::move(duplicate)) {}

  std::string table_;
  sqlite::Statement any_erased_;
  sqlite::Statement is_erased_;
  sqlite::Statement insert_duplicate_;
  bool any_ = false;  // as of begin_batch()
};

// Notes the events and removes their rows; rows that went.
base::Result<std::uint64_t> erase_events(sqlite::Database& database, const std::string& table,
                                         std::span<const EventPlace> places, base::WallTime now);

}  // namespace twinshift::warehouse
