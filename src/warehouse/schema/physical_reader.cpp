#include "warehouse/schema/physical_reader.hpp"

#include <array>
#include <cstdlib>
#include <map>

#include "warehouse/schema/write_text.hpp"

namespace twinshift::warehouse {
namespace {

std::string columns_sql(const TableName& table) {
  return "SELECT \"column\", encoding, distkey, sortkey FROM pg_table_def WHERE schemaname = " +
         literal(Dialect::redshift, table.schema) + " AND tablename = " + literal(Dialect::redshift, table.table);
}

// A table without rows does not show here.
std::string style_sql(const TableName& table) {
  return "SELECT diststyle FROM svv_table_info WHERE \"schema\" = " + literal(Dialect::redshift, table.schema) +
         " AND \"table\" = " + literal(Dialect::redshift, table.table);
}

}  // namespace

SqlOutcome<Physical> read_physical(SqlAccess& access, const TableName& table, base::SteadyTime deadline) {
  const std::array<std::string, 3> statements = {"SET search_path TO " + quote_identifier(table.schema),
                                                 columns_sql(table), style_sql(table)};
  auto results = access.run(statements, deadline);
  if (!results) return std::unexpected(std::move(results.error()));
  const SqlResult& columns = results->at(1);
  const SqlResult& style = results->at(2);
  Physical physical;
  std::map<std::int64_t, std::string> sort_key;
  for (std::size_t row = 0; row < columns.rows(); ++row) {
    const std::string name(columns.text(row, 0));
    physical.encodings[name] = columns.text(row, 1);
    if (columns.is_true(row, 2)) physical.distribution = "KEY(" + name + ")";
    // Negative by turns in an interleaved key.
    if (const std::int64_t place = std::abs(columns.integer(row, 3)); place != 0) sort_key[place] = name;
  }
  for (auto& [place, name] : sort_key) physical.sort_key.push_back(std::move(name));
  if (style.rows() > 0 && !style.text(0, 0).empty()) physical.distribution = style.text(0, 0);
  return physical;
}

}  // namespace twinshift::warehouse
