#include "app/table_compare.hpp"

#include <algorithm>
#include <array>

#include "app/terminal_text.hpp"

namespace twinshift::app {
namespace {

using warehouse::Table;
using Row = std::vector<std::optional<std::string>>;

constexpr std::array<std::string_view, 4> kArrivalTimes = {"received_at", "created_at", "updated_at", "loaded_at"};
constexpr std::size_t kShownBytesMax = 48;

bool is_arrival_time(const std::string& column) {
  return std::ranges::find(kArrivalTimes, column) != kArrivalTimes.end();
}

std::vector<Row> comparable_rows(const Table& table) {
  std::vector<Row> rows;
  for (const Row& row : table.rows) {
    Row kept;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (!is_arrival_time(table.columns[i])) kept.push_back(row[i]);
    }
    rows.push_back(std::move(kept));
  }
  return rows;
}

std::string shown(const std::optional<std::string>* value) {
  if (value == nullptr) return "(no row)";
  return value->has_value() ? shortened(printable(**value), kShownBytesMax) : "NULL";
}

struct Lines {
  std::string text;
  std::size_t nulls = 0;
};

Lines row_lines(const Table& primary, const Table& secondary, std::size_t r, std::size_t name_width) {
  Lines lines;
  for (std::size_t i = 0; i < primary.columns.size(); ++i) {
    const auto* left = r < primary.rows.size() ? &primary.rows[r][i] : nullptr;
    const auto* right = r < secondary.rows.size() && i < secondary.columns.size() ? &secondary.rows[r][i] : nullptr;
    if (left != nullptr && right != nullptr && !*left && !*right) {
      ++lines.nulls;
      continue;
    }
    const bool differs = left == nullptr || right == nullptr || *left != *right;
    lines.text += differs && !is_arrival_time(primary.columns[i]) ? "! " : "  ";
    append_padded(lines.text, primary.columns[i], name_width);
    lines.text += " | ";
    append_padded(lines.text, shown(left), kShownBytesMax);
    lines.text += " | " + shown(right) + '\n';
  }
  return lines;
}

}  // namespace

Comparison compare(const Table& primary, const Table& secondary) {
  Comparison result;
  for (const std::string& column : primary.columns) {
    if (is_arrival_time(column)) result.columns_left_out.push_back(column);
  }
  if (primary.columns != secondary.columns) {
    result.difference = "the result sets have different columns";
    return result;
  }
  auto left = comparable_rows(primary);
  auto right = comparable_rows(secondary);
  result.same = left == right;
  if (result.same) return result;
  std::ranges::sort(left);
  std::ranges::sort(right);
  if (left == right) {
    result.same = true;
    result.same_order = false;
    return result;
  }
  result.difference = left.size() != right.size() ? "primary has " + std::to_string(left.size()) + " rows, secondary " +
                                                        std::to_string(right.size())
                                                  : "the rows differ";
  return result;
}

std::string side_by_side(const Table& primary, const Table& secondary) {
  std::size_t name_width = 0;
  for (const std::string& column : primary.columns) name_width = std::max(name_width, column.size());
  std::string out;
  for (std::size_t r = 0; r < std::max(primary.rows.size(), secondary.rows.size()); ++r) {
    std::string head = "row " + std::to_string(r + 1);
    out += "  ";
    append_padded(out, head, name_width);
    out += " | ";
    append_padded(out, "primary", kShownBytesMax);
    out += " | secondary\n";
    const Lines lines = row_lines(primary, secondary, r, name_width);
    out += lines.text;
    if (lines.nulls > 0) out += "  (" + std::to_string(lines.nulls) + " columns are NULL in both)\n";
  }
  return out;
}

}  // namespace twinshift::app
