// The statements around `twinshift_erased` (docs/formats/erased.md), once for each dialect and shared by all ways to
// reach a server. Any thread; no I/O.
//
// An event that was erased is a duplicate for every writer (duplicate_text.hpp says which of its messages count as
// one).
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "event/event.hpp"
#include "warehouse/schema/dialect.hpp"
#include "warehouse/schema/real_table.hpp"
#include "warehouse/schema/write_text.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::warehouse {

// Redshift: which ids of the staged batch are erased, as a table expression: (SELECT event_id ...). By id alone: an
// erased event's time may stand there more coarsely than the batch has it.
std::string erased_ids_sql(const TableName& table);

// ---- Warehouse::erase(), under the lock of the table's writers

// PostgreSQL: waits for the writers that run and keeps others out until the transaction ends; readers go on. Whoever
// comes meanwhile waits behind us, so we give up soon (kLockOutMax): behind somebody's long transaction nobody would
// write.
inline constexpr std::chrono::milliseconds kLockOutMax{1'000};
std::string lock_out_writers_sql(const TableName& table);
// What follows the lock: the events are noted, with the arrival of each row that stands there, and their rows go. The
// last statements are remove_rows_sql() and, in Redshift, remove_parts_sql(). There must be a place.
std::vector<std::string> erase_sql(Dialect dialect, const TableName& table, std::span<const WriteColumn> columns,
                                   std::span<const EventPlace> places, base::WallTime erased_at);
// What a person runs where our user may not erase.
std::string erase_grant(Dialect dialect, const TableName& table);

// ---- PostgreSQL, writing a batch

// One row: the table's fingerprint, as fingerprint_sql() gives it, and whether anything was ever erased.
std::string fingerprint_and_erased_sql(const TableName& table);
// Those of the ids that are erased.
std::string find_erased_sql(const TableName& table, std::span<const event::EventPtr> events);

}  // namespace twinshift::warehouse
