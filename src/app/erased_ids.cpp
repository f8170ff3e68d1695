#include "app/erased_ids.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "warehouse/erased.hpp"
#include "warehouse/event_places.hpp"
#include "warehouse/schema/ddl.hpp"
#include "warehouse/schema/write_text.hpp"

namespace twinshift::app {
namespace {

// Ids in one statement: it stays far below the Data API's 100 KB.
constexpr std::size_t kIdsMax = 500;

}  // namespace

base::Result<std::set<std::string>> erased_among(warehouse::Warehouse& warehouse,
                                                 std::span<const warehouse::EventPlace> events) {
  const warehouse::TableName table = warehouse.event_table();
  // SQLite writes texts as PostgreSQL does.
  const auto dialect = warehouse.product() == "Redshift" ? warehouse::Dialect::redshift : warehouse::Dialect::postgres;
  std::set<std::string> erased;
  while (!events.empty()) {
    const auto some = events.first(std::min(events.size(), kIdsMax));
    events = events.subspan(some.size());
    auto rows = warehouse.query(fmt::format("SELECT DISTINCT event_id FROM {} WHERE table_name = {} AND {}",
                                            warehouse::sibling(table, warehouse::kErasedTable),
                                            warehouse::literal(dialect, table.table), warehouse::ids_sql(some)),
                                some.size());
    if (!rows && rows.error().kind == base::ErrorKind::invalid) return std::set<std::string>();
    if (!rows) return base::fail(std::move(rows.error()));
    for (const auto& row : rows->rows) {
      if (row[0]) erased.insert(*row[0]);
    }
  }
  return erased;
}

}  // namespace twinshift::app
