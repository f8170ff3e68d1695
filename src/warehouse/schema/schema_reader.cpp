#include "warehouse/schema/schema_reader.hpp"

#include <algorithm>
#include <utility>

#include "warehouse/doubled_ids.hpp"
#include "warehouse/schema/describe.hpp"
#include "warehouse/schema/physical_reader.hpp"
#include "warehouse/schema/table_reader.hpp"

namespace twinshift::warehouse {
namespace {

base::SteadyTime after(std::chrono::milliseconds wait) {
  return std::chrono::steady_clock::now() + wait;
}

// Reads all of a table that has no event_id.
void count_foreign(SqlAccess& access, const DescribeInput& input, base::SteadyTime deadline,
                   SchemaDescription& description) {
  const bool has_id = input.real.find("event_id") != nullptr;
  const std::string sql = "SELECT count(*) FROM " + input.table.quoted() + (has_id ? " WHERE event_id IS NULL" : "");
  auto counted = access.run_one(sql, deadline);
  if (counted && counted->rows() > 0) {
    description.foreign_rows = static_cast<std::uint64_t>(counted->integer(0, 0));
    return;
  }
  description.not_counted = counted ? "the server did not say" : counted.error().error.message;
  if (!counted && counted.error().sqlstate == kNoRight) {
    description.not_counted += "; GRANT SELECT ON " + input.table.quoted() + " to our user";
  }
}

// Where an index is missing. A table that takes too long to ask stays as it is told.
void look_for_doubles(SqlAccess& access, const DescribeInput& input, base::SteadyTime deadline,
                      SchemaDescription& description) {
  const auto is_open = [](const SchemaDifference& each) { return each.what == kNotUnique; };
  if (std::ranges::none_of(description.differences, is_open)) return;
  const auto doubled = access.run_one(doubled_ids_sql(input.table.quoted()), deadline);
  if (doubled && doubled->rows() > 0) tell_doubled_ids(description);
}

}  // namespace

SqlOutcome<SchemaDescription> read_description(SqlAccess& access, Dialect dialect, const TableName& table,
                                               const std::string& target, std::chrono::milliseconds step_max) {
  DescribeInput input{
      .dialect = dialect, .target = target, .table = {}, .real = {}, .physical = {}, .siblings_there = {}};
  auto located = locate(access, dialect, table, after(step_max));
  if (!located) return std::unexpected(std::move(located.error()));
  input.table = std::move(*located);
  auto real = read_table(access, dialect, input.table, after(step_max));
  if (!real) return std::unexpected(std::move(real.error()));
  input.real = std::move(*real);
  auto siblings = read_siblings(access, dialect, input.table, after(step_max));
  if (!siblings) return std::unexpected(std::move(siblings.error()));
  input.siblings_there = std::move(*siblings);
  if (dialect == Dialect::redshift && input.real.exists) {
    auto physical = read_physical(access, input.table, after(step_max));
    if (!physical) return std::unexpected(std::move(physical.error()));
    input.physical = std::move(*physical);
  }
  SchemaDescription description = describe_table(input);
  if (input.real.exists && input.real.is_table) {
    count_foreign(access, input, after(step_max), description);
    look_for_doubles(access, input, after(step_max), description);
  }
  return description;
}

}  // namespace twinshift::warehouse
