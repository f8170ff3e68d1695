// Two targets' tables beside each other and beside the catalogue. Pure functions; any thread.
#pragma once

#include <string>
#include <vector>

#include "warehouse/schema_access.hpp"

namespace twinshift::app {

struct TargetSchema {
  std::string target;  // "primary"
  warehouse::SchemaDescription description;
};

struct SchemaFinding {
  std::string target;
  warehouse::SchemaDifference difference;
};

// Each table's differences from the catalogue, then what differs between the two though the catalogue says nothing of
// it: a column that only one has, sizes, types and encodings where both are the same product. A column that differs
// from the catalogue on one side is told once.
std::vector<SchemaFinding> find_differences(const std::vector<TargetSchema>& targets);

// One line a difference with the statement that mends it, then a line a target and the verdict.
std::string differences_as_text(const std::vector<TargetSchema>& targets, const std::vector<SchemaFinding>& findings);
std::string differences_as_json(const std::vector<TargetSchema>& targets, const std::vector<SchemaFinding>& findings);

}  // namespace twinshift::app
