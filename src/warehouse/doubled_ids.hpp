// What is said of a table whose event_id stands more than once: no lane can use it until the last double is gone.
#pragma once

#include <string>
#include <vector>

#include "warehouse/schema_access.hpp"

namespace twinshift::warehouse {

inline constexpr const char* kDoubledIds = "event_id stands more than once in it, so it cannot be made unique";
inline constexpr const char* kDoubledIdsCure =
    "`twinshift repair --apply` leaves one of each, or says which rows are to be deleted by hand; or configure another "
    "table";

// One row where an event_id stands more than once; reads the whole table. `table`: quoted.
inline std::string doubled_ids_sql(const std::string& table) {
  return "SELECT 1 FROM " + table + " WHERE event_id IS NOT NULL GROUP BY event_id HAVING COUNT(*) > 1 LIMIT 1";
}

// In front of all others, in place of the column's own: an index would mend that one alone.
inline void tell_doubled_ids(SchemaDescription& description) {
  std::erase_if(description.differences,
                [](const SchemaDifference& each) { return each.column == "event_id" && !each.stops; });
  description.differences.insert(description.differences.begin(), {"", kDoubledIds, kDoubledIdsCure, true});
}

// No index keeps it unique, and none is kept from being made.
inline constexpr const char* kNotUnique = "is not unique: an event could not be told from its double";

}  // namespace twinshift::warehouse
