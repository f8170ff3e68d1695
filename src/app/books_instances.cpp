#include "app/books_instances.hpp"

#include <utility>

#include "app/books_text.hpp"
#include "app/driver_table.hpp"
#include "base/clock.hpp"
#include "base/time_text.hpp"
#include "books/ledger.hpp"
#include "warehouse/schema/owed_text.hpp"

namespace twinshift::app {

warehouse::Table instances_table(const std::vector<warehouse::OwedRow>& rows) {
  warehouse::Table table{
      {"instance", "target", "hour", "received", "owed", "quarantined", "waived", "as_of"}, {}, false};
  for (const warehouse::OwedRow& row : rows) {
    table.rows.push_back({row.instance, row.target, hour_text(row.arrival_at), std::to_string(row.received),
                          std::to_string(row.owed), std::to_string(row.quarantined), std::to_string(row.waived),
                          base::iso8601_ms(row.as_of)});
  }
  return table;
}

base::Result<std::vector<warehouse::OwedRow>> read_instances(const config::Settings& settings) {
  auto primary = open_for_reading(settings, "primary");
  if (!primary) return base::fail(std::move(primary.error()));
  auto rows = warehouse::read_owed(**primary,
                                   std::chrono::floor<std::chrono::hours>(base::system_clock().now()) - books::kJudged);
  if (!rows) {
    rows.error().hint += rows.error().hint.empty() ? "" : ". ";
    rows.error().hint += "What the instances' books say stands in the primary's table twinshift_owed";
  }
  return rows;
}

}  // namespace twinshift::app
