// How one dialect writes a batch through a connection: the steps of one transaction. One thread at a time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pg/connection.hpp"
#include "warehouse/schema/table_setup.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::warehouse {

struct WriterIdentity {
  std::string instance;
  const base::Clock* clock;
};

struct Written {
  std::vector<Outcome> outcomes;  // by the batch's order
  std::uint64_t displaced = 0;    // WriteReport's
  std::uint64_t removed = 0;      // likewise
};

class BatchWriter {
 public:
  virtual ~BatchWriter() = default;
  // A failure left nothing behind, unless its kind is unknown_outcome. The transaction
  // may still be open after it.
  virtual pg::Outcome<Written> write(const Batch& batch, base::SteadyTime deadline) = 0;
  virtual pg::Outcome<std::optional<Marker>> find_marker(std::string_view batch_id, base::SteadyTime deadline) = 0;
  // Warehouse::prune()'s step.
  virtual pg::Outcome<std::uint64_t> prune(base::WallTime before, base::SteadyTime deadline) = 0;
  // Warehouse::publish()'s.
  virtual pg::Outcome<void> publish(std::span<const OwedRow> rows, base::SteadyTime deadline) = 0;
  // Warehouse::erase()'s, of a layout that takes erasures.
  virtual pg::Outcome<std::uint64_t> erase(std::span<const EventPlace> places, base::SteadyTime deadline) = 0;
  // Warehouse::mark_rebuilt()'s; there must be an hour.
  virtual pg::Outcome<std::uint64_t> mark_rebuilt(std::span<const RebuiltHour> hours, base::SteadyTime deadline) = 0;
};

// `connection` and `layout` must outlive the writer.
std::unique_ptr<BatchWriter> make_postgres_writer(pg::Connection& connection, const Layout& layout,
                                                  WriterIdentity identity);
std::unique_ptr<BatchWriter> make_redshift_writer(pg::Connection& connection, const Layout& layout,
                                                  WriterIdentity identity);

// The last step of a batch, with its COMMIT in `sql`: where no answer came, or the last words of a dying server, it is
// not known whether it took effect.
pg::Outcome<void> commit_step(pg::Connection& connection, const std::string& sql, base::SteadyTime deadline);

// A commit that took effect and whose answer is taken for lost: only a failpoint does that.
pg::Failure lost_answer();

// The table is no longer as it was read: nothing was written, and it is to be read anew on another connection.
pg::Failure changed_table(const TableName& table);

// Runs statements that remove rows; a missing right is told with the GRANT that gives it.
pg::Outcome<std::uint64_t> prune_step(pg::Connection& connection, const std::string& sql, const TableName& table,
                                      base::SteadyTime deadline);

// The first steps of a transaction that removes rows: `sql` ends with remove_rows_sql() and what follows it. Rows of
// the event table that went; a missing right is `conflict`, with the GRANT that gives it.
pg::Outcome<std::uint64_t> remove_step(pg::Connection& connection, const std::string& sql, Dialect dialect,
                                       const TableName& table, base::SteadyTime deadline);

// A batch without events: `remove` begins the transaction and tells how many rows went (remove_step).
pg::Outcome<Written> remove_alone_step(pg::Connection& connection, const Batch& batch,
                                       const std::function<pg::Outcome<std::uint64_t>()>& remove,
                                       base::SteadyTime deadline);

// The whole transaction of Warehouse::erase() behind the statement that keeps other writers out. Rows that went.
pg::Outcome<std::uint64_t> erase_step(pg::Connection& connection, const std::string& lock, Dialect dialect,
                                      const Layout& layout, std::span<const EventPlace> places, base::WallTime now,
                                      base::SteadyTime deadline);

// The whole transaction of Warehouse::mark_rebuilt() behind the statements that let one such call in at a time. Markers
// that were added.
pg::Outcome<std::uint64_t> mark_step(pg::Connection& connection, const std::string& lock, const std::string& insert,
                                     base::SteadyTime deadline);

// From the results of a transaction whose last row is that of find_marker_sql().
std::optional<Marker> read_marker(const std::vector<pg::Result>& results, std::string_view batch_id);

}  // namespace twinshift::warehouse
