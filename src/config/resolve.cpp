#include "config/resolve.hpp"

#include <array>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "config/drivers.hpp"
#include "config/masking.hpp"
#include "config/target_input.hpp"
#include "config/text.hpp"

namespace twinshift::config {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSqliteScheme = "sqlite:";
constexpr std::string_view kEnabled = "SECONDARY_REDSHIFT_ENABLED";

// What can be wrong with the PATH of sqlite:PATH; empty: nothing.
std::string path_fault(std::string_view path) {
  if (path.starts_with("//")) return "writes sqlite:// ; write sqlite:PATH with an absolute or a relative path";
  if (path == ":memory:" || path.starts_with("file:")) return "must name a plain file after sqlite:";
  if (path.empty() || path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..") || path == "." ||
      path == "..") {
    return "must name a file after sqlite: , not a folder";
  }
  return {};
}

std::string driver_of(std::string_view url) {
  if (url.starts_with(kSqliteScheme)) return "sqlite";
  return url.starts_with("redshift-data://") ? "redshift_data" : "postgres";
}

void use_file(TargetSettings& target, fs::path path) {
  target.driver = "sqlite";
  target.shown = path.string();
  target.path = std::move(path);
}

void use_url(TargetInput& input, Findings& findings) {
  TargetSettings& target = input.target;
  target.driver = driver_of(input.url);
  if (target.driver != "sqlite") {
    target.url = input.url;
    target.shown = masked_url(input.url);
    return;
  }
  const std::string_view path = std::string_view(input.url).substr(kSqliteScheme.size());
  const std::string fault = path_fault(path);
  if (!fault.empty()) findings.faults.push_back(input.url_variable + " " + fault);
  use_file(target, fs::path(path));
}

void use_redshift(TargetInput& input, Findings& findings) {
  TargetSettings& target = input.target;
  const std::string cluster = input.prefix + "REDSHIFT_CLUSTER_IDENTIFIER";
  const std::string workgroup = input.prefix + "REDSHIFT_WORKGROUP_NAME";
  if (!target.cluster_identifier.empty() && !target.workgroup_name.empty()) {
    findings.faults.push_back(
        fmt::format("{} and {} are both set: set the one that the warehouse is", cluster, workgroup));
  }
  if (target.database.empty()) {
    findings.faults.push_back(
        fmt::format("{} is set, but {}REDSHIFT_DATABASE is not: name the database", input.chosen_by(), input.prefix));
  }
  const bool wire = speaks_wire_only(target.endpoint);
  target.driver = wire ? "postgres" : "redshift_data";
  target.shown = fmt::format(
      "{} in {}", target.cluster_identifier.empty() ? target.workgroup_name : target.cluster_identifier, target.region);
  if (wire) {
    findings.notes.push_back(
        fmt::format("{}REDSHIFT_ENDPOINT is a cluster's own or a Redshift-managed VPC endpoint, where no Data API "
                    "listens: the {} is "
                    "reached over Redshift's wire protocol on port 5439",
                    input.prefix, input.name));
  }
}

// The target of a configured input.
TargetSettings configured_target(TargetInput input, Findings& findings) {
  input.target.configured_by = input.chosen_by();
  if (!input.url.empty()) {
    use_url(input, findings);
    if (input.redshift()) {
      findings.notes.push_back(fmt::format("{} is set and wins over the {}REDSHIFT_ variables of the {}",
                                           input.url_variable, input.prefix, input.name));
    }
  } else {
    use_redshift(input, findings);
  }
  return std::move(input.target);
}

// Redshift by the guide's variables over the wire needs a temporary password, which only AWS can give.
void refuse_missing_login(const TargetSettings& target, Findings& findings) {
  if (target.driver != "postgres" || !target.url.empty()) return;
  const bool primary = target.name == "primary";
  findings.faults.push_back(
      fmt::format("{} asks for Redshift over the wire with a temporary password from AWS, which this version cannot "
                  "fetch yet: unset "
                  "it and set {}=redshift://USER@HOST:5439/DATABASE with a password of the database{}",
                  target.configured_by, primary ? "PRIMARY_WAREHOUSE_URL" : "SECONDARY_WAREHOUSE_URL",
                  primary ? "" : fmt::format(", or switch the secondary off with {}=false", kEnabled)));
}

void refuse_missing_driver(const TargetSettings& target, Findings& findings) {
  refuse_missing_login(target, findings);
  if (is_built("warehouse", target.driver)) return;
  const bool primary = target.name == "primary";
  findings.faults.push_back(
      fmt::format("{} asks for the warehouse driver `{}`, which this version does not have yet: unset it, or set "
                  "{}=redshift://USER@HOST:5439/DATABASE "
                  "(or postgresql://, or sqlite:PATH){}",
                  target.configured_by, target.driver, primary ? "PRIMARY_WAREHOUSE_URL" : "SECONDARY_WAREHOUSE_URL",
                  primary ? "" : fmt::format(", or switch the secondary off with {}=false", kEnabled)));
}

void resolve_queue(Settings& settings, Findings& findings) {
  settings.queue.driver = settings.sqs_queue_url.empty() ? "sqlite" : "sqs";
  settings.queue.url = settings.sqs_queue_url;
  if (settings.queue.driver == "sqlite") settings.queue.path = settings.data_dir / "queue.db";
  if (!is_built("queue", settings.queue.driver)) {
    findings.faults.push_back(
        "SQS_QUEUE_URL is set, but this version has no `sqs` queue driver yet: unset it to use the embedded queue in "
        "the "
        "data folder");
  }
  if (!settings.secondary_backlog_queue_url.empty()) {
    findings.faults.push_back(
        "SECONDARY_BACKLOG_QUEUE_URL is set, but this version has no `sqs` queue driver yet: unset it to keep the "
        "secondary's backlog in the data folder");
  }
}

// Half a Redshift must not quietly become an SQLite file.
void refuse_half_redshift(const TargetInput& input, Findings& findings) {
  if (input.configured()) return;
  const std::array<std::pair<std::string_view, const std::string*>, 3> parts{
      {{"REDSHIFT_DATABASE", &input.target.database},
       {"REDSHIFT_DB_USER", &input.target.db_user},
       {"REDSHIFT_ENDPOINT", &input.target.endpoint}}};
  for (const auto& [variable, value] : parts) {
    if (value->empty()) continue;
    findings.faults.push_back(
        fmt::format("{0}{1} is set, but neither {0}REDSHIFT_CLUSTER_IDENTIFIER nor {0}REDSHIFT_WORKGROUP_NAME is: name "
                    "the cluster or "
                    "the workgroup, or unset it",
                    input.prefix, variable));
  }
}

// What follows from nothing but SECONDARY_REDSHIFT_ENABLED and whether the two are configured.
void resolve_targets(Loaded& loaded, Findings& findings) {
  Settings& settings = loaded.settings;
  const bool on = settings.secondary_redshift_enabled;
  TargetInput primary = primary_input(settings);
  TargetInput secondary = secondary_input(settings);
  refuse_half_redshift(primary, findings);
  if (on) refuse_half_redshift(secondary, findings);
  std::optional<TargetSettings> second;
  if (secondary.configured()) {
    if (!primary.configured()) {
      findings.faults.push_back(
          fmt::format("{} configures a secondary, but no primary is configured: set PRIMARY_WAREHOUSE_URL or "
                      "REDSHIFT_CLUSTER_IDENTIFIER, or unset the secondary's variables",
                      secondary.chosen_by()));
    }
    if (!on && loaded.states[kEnabled].origin.source == Origin::Source::preset) {
      findings.warnings.push_back(
          fmt::format("{} is set, but the secondary stays off until {}=true", secondary.chosen_by(), kEnabled));
    }
    second = configured_target(std::move(secondary), findings);
  } else if (!primary.configured()) {
    use_file(secondary.target, settings.data_dir / "secondary.db");
    second = std::move(secondary.target);
  } else if (on) {
    findings.warnings.push_back(fmt::format(
        "{} is true, but only a primary is configured: there is no secondary. Set SECONDARY_WAREHOUSE_URL or "
        "SECONDARY_REDSHIFT_CLUSTER_IDENTIFIER",
        kEnabled));
  }
  if (primary.configured()) {
    settings.primary = configured_target(std::move(primary), findings);
  } else {
    use_file(primary.target, settings.data_dir / "primary.db");
    settings.primary = std::move(primary.target);
  }
  if (second) second->backlog_path = settings.data_dir / "secondary-backlog.db";
  (on ? settings.secondary : settings.secondary_off) = std::move(second);
}

// The same file by whatever spelling; symbolic links are followed as far as the path exists.
fs::path identity_of(const fs::path& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  fs::path resolved = fs::weakly_canonical(error ? path : absolute, error);
  return error ? absolute.lexically_normal() : resolved;
}

// SQLite locks whole files, and no two parts may wait for each other's lock: each part has a file of its own.
void check_files(const Settings& settings, Findings& findings) {
  struct Use {
    std::string part;
    fs::path path;
  };
  std::vector<Use> uses{{"the queue", settings.queue.path}, {"the primary", settings.primary.path}};
  for (const auto& second : {settings.secondary, settings.secondary_off}) {
    if (!second) continue;
    uses.push_back({"the secondary", second->path});
    uses.push_back({"the secondary's backlog", second->backlog_path});
  }
  for (std::size_t i = 0; i < uses.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (uses[i].path.empty() || uses[j].path.empty() || identity_of(uses[i].path) != identity_of(uses[j].path))
        continue;
      findings.faults.push_back(fmt::format(
          "{} and {} would use the same SQLite file: give each warehouse a file of its own (PRIMARY_WAREHOUSE_URL, "
          "SECONDARY_WAREHOUSE_URL)",
          uses[j].part, uses[i].part));
    }
  }
}

// Two targets in one table would each take the other's rows for their own.
void check_tables(const Settings& settings, Findings& findings) {
  for (const auto& second : {settings.secondary, settings.secondary_off}) {
    if (!second || second->url.empty() || second->shown != settings.primary.shown ||
        second->table != settings.primary.table) {
      continue;
    }
    findings.faults.emplace_back(
        "the primary and the secondary would use the same table: give each a database or a table of its own "
        "(PRIMARY_WAREHOUSE_URL, SECONDARY_WAREHOUSE_URL)");
  }
}

}  // namespace

bool speaks_wire_only(std::string_view endpoint) {
  const std::size_t scheme = endpoint.find("://");
  if (scheme != std::string_view::npos) endpoint.remove_prefix(scheme + 3);
  const std::string host = lower(endpoint.substr(0, endpoint.find_first_of(":/?#")));
  constexpr std::array<std::string_view, 4> kEnds{".redshift.amazonaws.com", ".redshift-serverless.amazonaws.com",
                                                  ".redshift.amazonaws.com.cn",
                                                  ".redshift-serverless.amazonaws.com.cn"};
  for (const std::string_view end : kEnds) {
    if (host.ends_with(end)) return true;
  }
  return false;
}

Findings resolve(Loaded& loaded) {
  Findings findings;
  Settings& settings = loaded.settings;
  resolve_queue(settings, findings);
  resolve_targets(loaded, findings);
  refuse_missing_driver(settings.primary, findings);
  if (settings.secondary) refuse_missing_driver(*settings.secondary, findings);
  if (!settings.secondary) findings.notes.push_back("no secondary warehouse: events go to the primary alone");
  check_files(settings, findings);
  check_tables(settings, findings);
  check_limits(settings, findings);
  return findings;
}

}  // namespace twinshift::config
