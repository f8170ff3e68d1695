#include "warehouse/drivers/postgres/physical_reader.hpp"

#include <cstdlib>
#include <map>

namespace twinshift::warehouse {
namespace {

constexpr const char* kColumns =
    "SELECT \"column\", encoding, distkey, sortkey FROM pg_table_def WHERE schemaname = $1 AND tablename = $2";
// A table without rows does not show here.
constexpr const char* kStyle = "SELECT diststyle FROM svv_table_info WHERE \"schema\" = $1 AND \"table\" = $2";

}  // namespace

pg::Outcome<Physical> read_physical(pg::Connection& connection, const TableName& table, base::SteadyTime deadline) {
  auto set = connection.run("SET search_path TO " + quote_identifier(table.schema), deadline);
  if (!set) return std::unexpected(std::move(set.error()));
  const std::vector<std::string> names{table.schema, table.table};
  auto columns = connection.run_one(kColumns, names, deadline);
  if (!columns) return std::unexpected(std::move(columns.error()));
  Physical physical;
  std::map<std::int64_t, std::string> sort_key;
  for (int row = 0; row < columns->rows(); ++row) {
    const std::string name(columns->text(row, 0));
    physical.encodings[name] = columns->text(row, 1);
    const std::string_view is_key = columns->text(row, 2);
    if (is_key == "t" || is_key == "true") physical.distribution = "KEY(" + name + ")";
    // Negative by turns in an interleaved key.
    if (const std::int64_t place = std::abs(columns->integer(row, 3)); place != 0) sort_key[place] = name;
  }
  for (auto& [place, name] : sort_key) physical.sort_key.push_back(std::move(name));
  auto style = connection.run_one(kStyle, names, deadline);
  if (!style) return std::unexpected(std::move(style.error()));
  if (style->rows() > 0 && !style->text(0, 0).empty()) physical.distribution = style->text(0, 0);
  return physical;
}

}  // namespace twinshift::warehouse
