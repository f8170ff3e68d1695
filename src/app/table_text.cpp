#include "app/table_text.hpp"

#include <algorithm>
#include <vector>

#include "app/terminal_text.hpp"
#include "base/json_text.hpp"

namespace twinshift::app {
namespace {

using warehouse::Table;

constexpr std::string_view kNull = "NULL";

std::string shown(const std::optional<std::string>& value) {
  return value ? printable(*value) : std::string(kNull);
}

std::vector<std::size_t> column_widths(const Table& table) {
  std::vector<std::size_t> widths;
  for (const std::string& column : table.columns) widths.push_back(characters(column));
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], characters(shown(row[i])));
  }
  return widths;
}

std::string across(const Table& table, const std::vector<std::size_t>& widths) {
  std::string out;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (i > 0) out += " | ";
    append_padded(out, table.columns[i], widths[i]);
  }
  out += '\n';
  for (std::size_t i = 0; i < widths.size(); ++i) {
    if (i > 0) out += "-+-";
    out.append(widths[i], '-');
  }
  out += '\n';
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) out += " | ";
      append_padded(out, shown(row[i]), widths[i]);
    }
    out += '\n';
  }
  return out;
}

std::string expanded(const Table& table) {
  std::size_t name_width = 0;
  for (const std::string& column : table.columns) name_width = std::max(name_width, characters(column));
  std::string out;
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    out += "row " + std::to_string(r + 1) + '\n';
    std::size_t nulls = 0;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      if (!table.rows[r][i]) {
        ++nulls;
        continue;
      }
      out += "  ";
      append_padded(out, table.columns[i], name_width);
      out += " | " + printable(*table.rows[r][i]) + '\n';
    }
    if (nulls > 0) out += "  (" + std::to_string(nulls) + " columns are NULL)\n";
  }
  return out;
}

void append_csv_field(std::string& out, const std::optional<std::string>& value) {
  if (!value) return;
  if (!value->empty() && value->find_first_of(",\"\r\n") == std::string::npos) {
    out += *value;
    return;
  }
  out += '"';
  for (const char c : *value) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace

std::string table_as_text(const Table& table, std::size_t width_columns) {
  const auto widths = column_widths(table);
  std::size_t total = widths.empty() ? 0 : 3 * (widths.size() - 1);
  for (const std::size_t width : widths) total += width;
  std::string out = total <= width_columns ? across(table, widths) : expanded(table);
  out += '(' + std::to_string(table.rows.size()) + (table.rows.size() == 1 ? " row" : " rows") +
         (table.cut ? ", cut: there are more; raise --limit)" : ")") + '\n';
  return out;
}

std::string table_as_json(const Table& table, std::span<const std::string_view> numbers) {
  std::string out = "[";
  for (const auto& row : table.rows) {
    if (out.size() > 1) out += ',';
    base::JsonObject object;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      if (row[i] && std::ranges::count(numbers, table.columns[i]) > 0) {
        object.add_raw(table.columns[i], *row[i]);
      } else if (row[i]) {
        object.add(table.columns[i], *row[i]);
      } else {
        object.add_raw(table.columns[i], "null");
      }
    }
    out += object.text();
  }
  return out + ']';
}

std::string table_as_csv(const Table& table, const std::string& first_column, const std::string& first_value,
                         bool with_header) {
  std::string out;
  const auto line = [&](const std::string& first, const auto& fields) {
    if (!first_column.empty()) {
      append_csv_field(out, first);
      if (!fields.empty()) out += ',';
    }
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (i > 0) out += ',';
      append_csv_field(out, fields[i]);
    }
    out += "\r\n";
  };
  if (with_header) line(first_column, table.columns);
  for (const auto& row : table.rows) line(first_value, row);
  return out;
}

}  // namespace twinshift::app
