#include "app/doctor_pair.hpp"

#include <utility>

#include <fmt/format.h>

#include "app/driver_table.hpp"
#include "app/schema_diff.hpp"
#include "app/table_identity.hpp"

namespace twinshift::app {
namespace {

using warehouse::SchemaDescription;

// A server that was made from a copy of the other (a snapshot, a base backup) has its identity, too, but did not start
// in the same microsecond.
constexpr const char* kStarted = "SELECT CAST(EXTRACT(EPOCH FROM pg_postmaster_start_time()) AS VARCHAR(64))";

base::Result<books::BooksFile::CountedTable> identify(const config::Settings& settings, const std::string& target) {
  auto warehouse = open_for_reading(settings, target);
  if (!warehouse) return base::fail(std::move(warehouse.error()));
  auto identity = identify_table(settings, target, **warehouse);
  if (!identity || identity->database_id.empty() || (*warehouse)->product() != "PostgreSQL") return identity;
  const auto started = (*warehouse)->query(kStarted, 1);
  if (started && !started->rows.empty() && !started->rows[0].empty()) {
    identity->database_id += " " + started->rows[0][0].value_or("");
  }
  return identity;
}

// By what the servers say of themselves: two names may lead to one server.
Finding check_separate(const config::Settings& settings, const SchemaDescription& primary,
                       const SchemaDescription& secondary) {
  const bool is_file = settings.primary.driver == "sqlite";  // two files: the settings made sure of that
  if (primary.product != secondary.product || primary.table != secondary.table || is_file) return good("two tables");
  const auto one = identify(settings, "primary");
  const auto other = identify(settings, "secondary");
  if (!one || !other) return skipped("a server does not say which one it is");
  if (one->database != other->database) return good("two databases");
  if (one->database_id.empty() || other->database_id.empty()) return skipped("the servers do not say which they are");
  if (one->database_id != other->database_id) return good("two servers");
  return failure(fmt::format("both targets are the table {} of one database", primary.table),
                 "each takes the other's rows for its own: there is no second copy, and books and verify mean nothing",
                 "Give the secondary a database of its own (SECONDARY_WAREHOUSE_URL, SECONDARY_REDSHIFT_DATABASE), or "
                 "a table of its own (SECONDARY_REDSHIFT_TABLE_NAME)");
}

}  // namespace

Finding judge_parity(const SchemaDescription& primary, const SchemaDescription& secondary) {
  if (!primary.exists || !secondary.exists) return good("nothing to compare yet");
  const auto findings = find_differences({{"primary", primary}, {"secondary", secondary}});
  const std::size_t told = primary.differences.size() + secondary.differences.size();
  if (findings.size() <= told) return good("both tables have the same shape");
  const SchemaFinding& first = findings[told];
  const std::size_t count = findings.size() - told;
  return warning(fmt::format("{} difference{} between the two; the {}'s column {} {}", count, count == 1 ? "" : "s",
                             first.target, first.difference.column, first.difference.what),
                 "events are the same on both sides all the same; reports on the columns may not be",
                 "`twinshift schema --diff` shows all; the first: " + first.difference.cure);
}

Group pair_group(const std::shared_ptr<const config::Settings>& settings, const SchemaDescription& primary,
                 const SchemaDescription& secondary) {
  Group group{"both", {}};
  group.steps.push_back(
      {"separate", [settings, primary, secondary] { return check_separate(*settings, primary, secondary); }, false});
  group.steps.push_back({"parity", [primary, secondary] { return judge_parity(primary, secondary); }, false});
  return group;
}

}  // namespace twinshift::app
