#include "config/resolve.hpp"

#include <array>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "config/masking.hpp"
#include "config/redshift_target.hpp"
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
  if (target.driver == "redshift_data") return use_data_url(input, findings);
  if (target.driver != "sqlite") {
    target.url = input.url;
    target.shown = masked_url(input.url);
    return;
  }
  const std::string_view path = std::string_view(input.url).substr(kSqliteScheme.size());
  const std::string fault = path_fault(path);
  if (!fault.empty()) findings.fault(input.url_variable + " " + fault);
  use_file(target, fs::path(path));
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
    use_redshift_variables(input, findings);
  }
  return std::move(input.target);
}

// What outlives the container, where the queue does (design: "Which target is reached how").
void resolve_keeping(Settings& settings, Findings& findings) {
  const bool keeps_files = settings.queue.driver == "sqlite" || settings.data_durable;
  settings.keeps_debts = keeps_files || !settings.secondary_backlog_queue_url.empty();
  settings.keeps_refused = keeps_files || !settings.quarantine_queue_url.empty();
  if (keeps_files) return;
  constexpr std::string_view kNotKept = "the data folder is not declared kept (TWINSHIFT_DATA_DURABLE)";
  if (!settings.keeps_refused) {
    findings.warnings.push_back(
        fmt::format("{} and there is no QUARANTINE_QUEUE_URL: an event that a warehouse refuses for good stays in the "
                    "queue, and ends in its DLQ",
                    kNotKept));
  }
  if (!settings.keeps_debts && settings.secondary) {
    findings.warnings.push_back(
        fmt::format("{} and there is no SECONDARY_BACKLOG_QUEUE_URL: a message is deleted only after the secondary has "
                    "committed it too, so a dead secondary fills the queue",
                    kNotKept));
  }
  if (settings.sqs_spool) {
    findings.fault(fmt::format(
        "SQS_SPOOL=true keeps events in the data folder, but {}: set it to true where the disk outlives the "
        "container, or unset SQS_SPOOL",
        kNotKept));
  }
}

// https://HOST/ACCOUNT/NAME; a stand-in's path may be shorter, but a queue's name it has.
bool names_a_queue(std::string_view url) {
  const std::size_t host = url.find("://") + std::string_view("://").size();
  const std::size_t path = url.find('/', host);
  return path != std::string_view::npos && path > host && !url.ends_with('/');
}

// Each names a queue, and holds messages of another kind.
void check_queue_urls(const Settings& settings, Findings& findings) {
  const std::array<std::pair<std::string_view, const std::string*>, 3> queues{
      {{"SQS_QUEUE_URL", &settings.sqs_queue_url},
       {"SECONDARY_BACKLOG_QUEUE_URL", &settings.secondary_backlog_queue_url},
       {"QUARANTINE_QUEUE_URL", &settings.quarantine_queue_url}}};
  for (const auto& [variable, url] : queues) {
    if (url->empty() || names_a_queue(*url)) continue;
    findings.fault(
        fmt::format("{} names no queue: its path must end in the queue's name "
                    "(https://sqs.REGION.amazonaws.com/ACCOUNT/NAME); copy the whole URL from the SQS console, or from "
                    "`aws sqs get-queue-url --queue-name NAME`",
                    variable));
  }
  for (std::size_t i = 0; i < queues.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (queues[i].second->empty() || *queues[i].second != *queues[j].second) continue;
      findings.fault(
          fmt::format("{} and {} are one queue: each needs one of its own", queues[j].first, queues[i].first));
    }
  }
  if (settings.quarantine_queue_url.ends_with(".fifo")) {
    findings.fault(
        "QUARANTINE_QUEUE_URL is a FIFO queue: it hands out ten messages of a group and no more until these are "
        "settled, so the quarantine could not be read; use a standard queue");
  }
}

void resolve_queue(Settings& settings, Findings& findings) {
  settings.queue.driver = settings.sqs_queue_url.empty() ? "sqlite" : "sqs";
  settings.queue.url = settings.sqs_queue_url;
  if (settings.queue.driver == "sqlite") settings.queue.path = settings.data_dir / "queue.db";
  check_queue_urls(settings, findings);
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
    findings.fault(
        fmt::format("{0}{1} is set, but neither {0}REDSHIFT_CLUSTER_IDENTIFIER nor {0}REDSHIFT_WORKGROUP_NAME is: name "
                    "the cluster or "
                    "the workgroup, or unset it",
                    input.prefix, variable),
        {input.url_variable});
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
      findings.fault(
          fmt::format("{} configures a secondary, but no primary is configured: set PRIMARY_WAREHOUSE_URL or "
                      "REDSHIFT_CLUSTER_IDENTIFIER, or unset the secondary's variables",
                      secondary.chosen_by()),
          {"REDSHIFT_WORKGROUP_NAME"});
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
  if (second) {
    second->backlog_folder = settings.data_dir / "secondary-backlog";
    second->backlog_old_file = settings.data_dir / "secondary-backlog.db";
    second->backlog_url = settings.secondary_backlog_queue_url;
  }
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
    uses.push_back({"the secondary's backlog", second->backlog_old_file});
  }
  for (std::size_t i = 0; i < uses.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (uses[i].path.empty() || uses[j].path.empty() || identity_of(uses[i].path) != identity_of(uses[j].path))
        continue;
      findings.fault(
          fmt::format(
              "{} and {} would use the same SQLite file: give each warehouse a file of its own (PRIMARY_WAREHOUSE_URL, "
              "SECONDARY_WAREHOUSE_URL)",
              uses[j].part, uses[i].part),
          {"TWINSHIFT_DATA_DIR", "SQS_QUEUE_URL", "REDSHIFT_CLUSTER_IDENTIFIER", "REDSHIFT_WORKGROUP_NAME"});
    }
  }
}

// Two targets in one table would each take the other's rows for their own.
void check_tables(const Settings& settings, Findings& findings) {
  for (const auto& second : {settings.secondary, settings.secondary_off}) {
    if (!second || second->driver == "sqlite" || second->shown != settings.primary.shown ||
        second->table != settings.primary.table) {
      continue;
    }
    findings.fault(
        "the primary and the secondary would use the same table: give each a database or a table of its own "
        "(PRIMARY_WAREHOUSE_URL, SECONDARY_WAREHOUSE_URL)",
        {"REDSHIFT_TABLE_NAME", "SECONDARY_REDSHIFT_TABLE_NAME", "SECONDARY_AWS_REGION", "AWS_REGION",
         "AWS_DEFAULT_REGION", "REDSHIFT_ENDPOINT", "SECONDARY_REDSHIFT_ENDPOINT", "SECONDARY_AWS_ROLE_ARN",
         "SECONDARY_AWS_PROFILE"});
  }
}

// Also where ADMIN_HOST is another address: 0.0.0.0 takes the port on all of them, and whoever looks for one of the two
// finds the other.
void check_ports(const Settings& settings, Findings& findings) {
  if (settings.admin_port == 0 || settings.admin_port != settings.port) return;
  findings.fault(
      fmt::format("PORT and ADMIN_PORT are both {}: give the page a port of its own, or unset ADMIN_PORT to have it on "
                  "the webhook's",
                  settings.port));
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

Findings resolve(Loaded& loaded, OptionNames unread) {
  Findings findings;
  findings.unread = std::move(unread);
  Settings& settings = loaded.settings;
  resolve_queue(settings, findings);
  resolve_targets(loaded, findings);
  resolve_keeping(settings, findings);
  if (!settings.secondary) findings.notes.push_back("no secondary warehouse: events go to the primary alone");
  check_files(settings, findings);
  check_tables(settings, findings);
  check_ports(settings, findings);
  check_limits(settings, findings);
  return findings;
}

}  // namespace twinshift::config
