// SQLite's refusal of one row as column, class and message. Any thread.
#pragma once

#include <string>

#include "base/error.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::warehouse {

// From an error of kind `rejected`. SQLite names a constraint (its name, or its text) and never a value of the row. The
// column: named by SQLite itself, or the only one of the table's columns that the constraint's text names.
Refusal row_refusal(const base::Error& error);

// What was there goes on standing there. Worded so that refusal_of() tells column and class again.
base::Error refused_in_place(const Refusal& refusal, const std::string& path);

}  // namespace twinshift::warehouse
