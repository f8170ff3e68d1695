// A real table beside the catalogue: what differs, and the statement that mends each difference. Any thread; no I/O.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "warehouse/schema/dialect.hpp"
#include "warehouse/schema/real_table.hpp"
#include "warehouse/schema_access.hpp"
#include "warehouse/table_name.hpp"

namespace twinshift::warehouse {

// How Redshift stores a table (pg_table_def, svv_table_info).
struct Physical {
  std::map<std::string, std::string> encodings;  // by column
  std::string distribution;                      // "KEY(event_id)", "EVEN", "AUTO(ALL)"; empty where unknown
  std::vector<std::string> sort_key;
};

struct DescribeInput {
  Dialect dialect = Dialect::postgres;
  std::string target;  // for cures that name the command
  TableName table;     // with its schema
  RealTable real;
  Physical physical;                        // Redshift only
  std::vector<std::string> siblings_there;  // names of siblings_of() that exist
};

// All but the rows.
SchemaDescription describe_table(const DescribeInput& input);

}  // namespace twinshift::warehouse
