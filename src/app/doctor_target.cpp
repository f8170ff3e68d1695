#include "app/doctor_target.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "app/aws_access.hpp"
#include "app/doctor_aws.hpp"
#include "app/doctor_endpoint.hpp"
#include "app/doctor_login.hpp"
#include "app/doctor_machine.hpp"
#include "app/doctor_network.hpp"
#include "app/driver_table.hpp"

namespace twinshift::app {
namespace {

using warehouse::SchemaAccess;
using warehouse::SchemaDescription;

// Of one target; its steps run on one thread.
struct Patient {
  std::shared_ptr<const config::Settings> settings;
  const config::TargetSettings* target = nullptr;  // in `settings`
  std::shared_ptr<TableSeen> seen;
  std::unique_ptr<SchemaAccess> schema;
  std::optional<base::Result<warehouse::Greeting>> greeting;

  const base::Result<warehouse::Greeting>& greet() {
    if (!greeting) greeting = schema->greet();
    return *greeting;
  }
};
using PatientPtr = std::shared_ptr<Patient>;

Finding check_isolation(const base::Result<warehouse::Greeting>& greeting) {
  if (!greeting || greeting->isolation.empty()) return skipped("the database does not say");
  return good(greeting->isolation +
              "; either level will do, since batches take their turns by a lock on twinshift_writer");
}

// Does a running service write this target? It makes the table when it first reaches it.
bool lands_in(const Patient& patient) {
  const config::Settings& settings = *patient.settings;
  const bool is_on = patient.target->name == "primary" || settings.secondary.has_value();
  return is_on && settings.enable_sqs_consumer && is_served(settings.data_dir);
}

Finding dropped(const SchemaDescription& table, const std::string& target) {
  return failure(table.product + " table " + table.table + " is not there, though the service runs: it was dropped",
                 "what it held is gone from this target; the service itself sees it with the next batch only",
                 "`twinshift rebuild --target " + target +
                     " --apply` makes it and fills it from the other target; `twinshift schema --target " + target +
                     " --apply` makes it empty");
}

Finding check_table(const Patient& patient) {
  const auto description = patient.schema->describe();
  if (!description) return failure(description.error(), "the table cannot be looked at, so nothing is written");
  patient.seen->keep(*description);
  if (!description->exists && lands_in(patient)) return dropped(*description, patient.target->name);
  return judge_table(*description, *patient.target, patient.settings->schema_apply);
}

Finding check_rights(const Patient& patient) {
  if (patient.target->driver == "sqlite" && is_served(patient.settings->data_dir)) {
    return skipped("a running service writes this file; nothing is tried beside it");
  }
  const auto trial = patient.schema->try_rights();
  if (!trial) return failure(trial.error(), "no event can be written");
  if (trial->findings.empty()) return good(trial->tried);
  const auto stop = std::ranges::find_if(trial->findings, &warehouse::RightsFinding::stops);
  if (stop != trial->findings.end()) return failure(stop->what, "no event can be written", stop->cure);
  std::string what;
  std::string cure;
  for (const warehouse::RightsFinding& each : trial->findings) {
    what += (what.empty() ? "" : "; ") + each.what;
    cure += (cure.empty() ? "" : "; ") + each.cure;
  }
  return warning(std::move(what), "events land all the same; books or erasure are not complete (docs/warehouses.md)",
                 std::move(cure));
}

// The steps that need a connection to the database, in this order.
void add_inner_steps(const PatientPtr& patient, std::vector<Step>& steps) {
  if (patient->target->driver != "sqlite") {
    if (is_on_aws(*patient->target)) {
      steps.push_back({"aws-rights",
                       [patient] { return check_aws_rights(*patient->settings, *patient->target, patient->greet()); }});
    }
    steps.push_back({"login", [patient] { return judge_login(patient->greet(), *patient->target); }});
    const bool is_redshift =
        patient->target->driver == "redshift_data" || patient->target->url.starts_with("redshift:");
    if (is_redshift) steps.push_back({"isolation", [patient] { return check_isolation(patient->greet()); }, false});
  }
  steps.push_back({"table", [patient] { return check_table(*patient); }});
  steps.push_back({"rights", [patient] { return check_rights(*patient); }, false});
}

// Endpoint, identity and network; false where nothing further can be asked.
bool add_outer_steps(const config::Settings& settings, const config::TargetSettings& target, std::vector<Step>& steps) {
  auto way = way_to(settings, target);
  if (!way) {
    steps.push_back({"endpoint", [error = way.error()] { return failure(error, "the target cannot be reached"); }});
    return false;
  }
  steps.push_back({"endpoint", [target, endpoint = way->endpoint] { return check_endpoint(target, endpoint); }});
  if (way->access && has_own_identity(target))
    std::ranges::move(identity_steps(*way->access), std::back_inserter(steps));
  std::ranges::move(network_steps(way->host), std::back_inserter(steps));
  return true;
}

}  // namespace

Group target_group(const std::shared_ptr<const config::Settings>& settings, const std::string& target,
                   const std::shared_ptr<TableSeen>& seen) {
  Group group{target, {}};
  const auto found = find_target(*settings, target);
  auto schema = open_schema(*settings, target);
  if (!found || !schema) {
    const base::Error error = found ? schema.error() : found.error();
    group.steps.push_back({"endpoint", [error] { return failure(error, "the target cannot be reached"); }});
    return group;
  }
  if (!add_outer_steps(*settings, **found, group.steps)) return group;
  const auto patient = std::make_shared<Patient>();
  patient->settings = settings;
  patient->target = *found;
  patient->seen = seen;
  patient->schema = std::move(*schema);
  add_inner_steps(patient, group.steps);
  return group;
}

Finding judge_table(const SchemaDescription& table, const config::TargetSettings& target, bool schema_apply) {
  const std::string name = table.product + " table " + table.table;
  if (!table.exists) return good(name + " is not there yet; the start makes it");
  const auto stop = std::ranges::find_if(table.differences, &warehouse::SchemaDifference::stops);
  if (stop != table.differences.end()) {
    return failure(name + ": " + (stop->column.empty() ? "" : "the column " + stop->column + ' ') + stop->what,
                   "no event can be written", stop->cure);
  }
  const bool is_ours = std::ranges::any_of(table.columns, [](const auto& each) { return each.name == "event_id"; });
  if (!is_ours && !schema_apply) {
    return failure(name + " was not made by Twinshift and lacks its columns", "no event can be written",
                   "Let `twinshift schema --target " + target.name +
                       " --apply` add them, or set SCHEMA_APPLY=true; nothing in it is changed or dropped");
  }
  if (table.differences.empty()) return good(fmt::format("{}, {} columns", name, table.columns.size()));
  const warehouse::SchemaDifference& first = table.differences.front();
  return warning(
      fmt::format("{}: {} difference{}; {}{}", name, table.differences.size(),
                  table.differences.size() == 1 ? "" : "s, the first",
                  first.column.empty() ? "it " : "the column " + first.column + ' ', first.what),
      "events land, and what a column cannot hold stands whole in extra",
      fmt::format("`twinshift schema --target {0} --diff` shows all, `twinshift schema --target {0} --apply` "
                  "adds what is missing; the first by hand: {1}",
                  target.name, first.cure));
}

}  // namespace twinshift::app
