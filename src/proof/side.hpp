// One of the two tables that are compared, as questions see it. The only implementation outside of tests asks through
// Warehouse::query, in one short read transaction a question, so it does for every driver.
//
// Threads: one at a time for a side; the two sides are asked at the same time. Calls block up to the driver's limits.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "proof/digest.hpp"
#include "proof/questions.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::proof {

// Rows of one id that are looked at: whoever doubled a table once or twice has so many.
inline constexpr std::size_t kCopiesMax = 8;

class Side {
 public:
  virtual ~Side() = default;
  [[nodiscard]] virtual const std::string& name() const = 0;  // "primary", "secondary"

  virtual base::Result<std::optional<Span>> extent(const Span& span) = 0;
  // Of the rows that arrived in that span: within which event_at they lie. Reads the whole table.
  virtual base::Result<std::optional<Span>> extent_of_arrivals(const Span& received) = 0;
  // Rows that cannot be compared (without_id_sql).
  virtual base::Result<std::int64_t> without_id() = 0;
  // About how many bytes a question about all of the table reads; nothing where that is not known.
  virtual base::Result<std::optional<std::int64_t>> bytes() = 0;
  virtual base::Result<Digests> windows(std::span<const Span> spans, std::chrono::seconds window) = 0;
  virtual base::Result<Digests> parts(const Slice& slice) = 0;
  virtual base::Result<std::vector<Listed>> list(const Slice& slice) = 0;
  // Empty without asking where the database itself keeps ids unique.
  virtual base::Result<std::vector<Listed>> doubles(const Slice& slice) = 0;
  // Those of `asked` that stand in the table, by id. Any number of them. A table that keeps ids unique is asked for
  // them wherever they stand: that is what its index is for.
  virtual base::Result<std::map<std::string, Presence>> present(std::span<const Listed> asked, Where where) = 0;
  // Those of `asked` that the target has noted as erased (docs/formats/erased.md), by id. Any number of them. None
  // where the list is not there, or may not be read.
  virtual base::Result<std::set<std::string>> erased(std::span<const Listed> asked) = 0;
  // The rows themselves, told as events. Of a slice: at most rows_max, `full` beyond. Of ids: all copies, up to
  // kCopiesMax of each.
  virtual base::Result<std::vector<warehouse::StoredEvent>> rows(const Slice& slice, std::size_t rows_max) = 0;
  virtual base::Result<std::vector<warehouse::StoredEvent>> rows_of(std::span<const Listed> asked, Where where) = 0;

  // False: a question waits in a time that only the caller's thread moves on (a simulation), so two sides are asked on
  // that thread, one after the other.
  [[nodiscard]] virtual bool asked_beside() const { return true; }
};

// `warehouse` need not be prepared: it is only asked. `name` as errors and reports call it.
std::unique_ptr<Side> make_side(std::string name, std::unique_ptr<warehouse::Warehouse> warehouse);

}  // namespace twinshift::proof
