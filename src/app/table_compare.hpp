// Are two result sets the same? Arrival times differ between copies of one event, so they are left out (docs: design of
// comparisons).
#pragma once

#include <string>
#include <vector>

#include "warehouse/warehouse.hpp"

namespace twinshift::app {

struct Comparison {
  bool same = false;
  bool same_order = true;  // false where the rows are the same but stand in another order
  std::vector<std::string> columns_left_out;
  std::string difference;  // one line; empty where same
};

Comparison compare(const warehouse::Table& primary, const warehouse::Table& secondary);

// Row by row, one line a column: name, primary's value, secondary's value, '!' where they differ. Columns that are NULL
// in both are counted only.
std::string side_by_side(const warehouse::Table& primary, const warehouse::Table& secondary);

}  // namespace twinshift::app
