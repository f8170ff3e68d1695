// `twinshift schema`: a target's table as SQL, made or completed, or compared.
#include <cstdio>

#include "app/commands.hpp"
#include "app/driver_table.hpp"
#include "app/exit_code.hpp"
#include "app/schema_diff.hpp"
#include "warehouse/schema/ddl.hpp"

namespace twinshift::app {
namespace {

constexpr const char* kUsualTable = "appsflyer_events";

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

int explain(const std::string& target, const base::Error& error) {
  std::fprintf(stderr, "twinshift: %s: %s\n", target.c_str(), error.text().c_str());
  return kExitFailed;
}

int print_ddl(const std::string& dialect, const std::string& table) {
  const auto chosen = warehouse::dialect_from(dialect);
  const auto name = warehouse::parse_table_name(table);
  if (!chosen || !name) return name ? static_cast<int>(kExitUsage) : explain("schema", name.error());
  print(warehouse::schema_text(*chosen, *name));
  return kExitOk;
}

int print_for(const config::Settings& settings, const SchemaOptions& options) {
  if (!options.dialect.empty()) {
    const auto target = find_target(settings, options.target);
    if (!target) return explain(options.target, target.error());
    return print_ddl(options.dialect, (*target)->table);
  }
  const auto access = open_schema(settings, options.target);
  if (!access) return explain(options.target, access.error());
  print((*access)->ddl());
  return kExitOk;
}

int apply(const config::Settings& settings, const std::string& target) {
  const auto access = open_schema(settings, target);
  if (!access) return explain(target, access.error());
  std::size_t statements = 0;
  // Each at once: where a later one fails, those before stay done.
  const auto done = (*access)->apply([&statements](std::string_view sql) {
    ++statements;
    print(std::string(sql) + ";\n");
    std::fflush(stdout);
  });
  if (!done) return explain(target, done.error());
  if (statements == 0) print("-- Nothing to do: the table has all it needs.\n");
  return kExitOk;
}

std::vector<std::string> targets_of(const config::Settings& settings, const std::string& target) {
  if (!target.empty()) return {target};
  if (settings.secondary) return {"primary", "secondary"};  // one that is switched off: only where it is named
  return {"primary"};
}

int diff(const config::Settings& settings, const SchemaOptions& options) {
  std::vector<TargetSchema> targets;
  for (const std::string& target : targets_of(settings, options.target)) {
    const auto access = open_schema(settings, target);
    if (!access) return explain(target, access.error());
    auto description = (*access)->describe();
    if (!description) return explain(target, description.error());
    targets.push_back({target, std::move(*description)});
  }
  const auto findings = find_differences(targets);
  print(options.format == TableFormat::json ? differences_as_json(targets, findings)
                                            : differences_as_text(targets, findings));
  return findings.empty() ? kExitOk : kExitDifferent;
}

}  // namespace

int print_schema(const std::string& dialect) {
  return print_ddl(dialect, kUsualTable);
}

int schema(const config::Settings& settings, const SchemaOptions& options) {
  if (options.apply) return apply(settings, options.target);
  if (options.diff) return diff(settings, options);
  return print_for(settings, options);
}

}  // namespace twinshift::app
