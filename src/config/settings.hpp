// What the service runs with: every option as a typed field, and what follows from them (which queue, which targets).
// Plain values, made once at start by load(); any thread may read them.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "config/option.hpp"

namespace twinshift::config {

// One configured warehouse, resolved. `url` may hold a password: log `shown` instead.
struct TargetSettings {
  std::string name;            // "primary", "secondary"
  std::string driver;          // "sqlite", "postgres", "redshift_data"
  std::string configured_by;   // the variable that chose the driver; empty for the embedded default
  std::string shown;           // where it is, without secrets: for logs
  std::filesystem::path path;  // sqlite: the file
  // What this target still owes: a folder of segments; empty for the primary.
  std::filesystem::path backlog_folder;
  std::filesystem::path backlog_old_file;  // where earlier versions kept it; taken over at the start
  std::string backlog_url;                 // the SQS queue in its place; empty: the folder
  std::string url;                         // the other drivers, where a URL chose them
  std::string password_file;               // holds the password that the URL leaves out; empty: as libpq finds it
  std::string table;                       // "table" or "schema.table"
  std::string region;
  bool region_given = false;  // by a variable; else a profile's region comes before the default
  std::string endpoint;
  std::string cluster_identifier;
  std::string workgroup_name;
  std::string database;
  std::string db_user;
  std::string secret_arn;
  bool iam_login = false;  // `url` names no user: AWS gives user and password for a while
  // Whose credentials, where not the service's own.
  std::string aws_profile;
  std::string role_arn;
  std::string role_external_id;
  std::chrono::milliseconds statement_timeout{60'000};
  std::int64_t retries_max = 30;
};

struct QueueSettings {
  std::string driver;          // "sqlite", "sqs"
  std::filesystem::path path;  // sqlite: the file
  std::string url;             // sqs
};

struct Settings {
#define SECTION(title, about)
#define OPTION(kind, name, field, preset, limits, status, text) \
  TypeOf<Kind::kind>::type field = typed<Kind::kind>(preset_of<Kind::kind>(preset));
#include "config/options.def"
#undef OPTION
#undef SECTION

  QueueSettings queue;
  TargetSettings primary;
  // Only where there is one and it is on.
  std::optional<TargetSettings> secondary;
  // A secondary that is known but switched off: nothing new is owed, its backlog is kept and not drained.
  std::optional<TargetSettings> secondary_off;
  // False: the queue outlives us and the data folder may not, so nothing may be owed there.
  bool keeps_debts = true;
  // The same for what a warehouse refuses for good.
  bool keeps_refused = true;
  // Every AWS_ variable, of the environment and of .env, as it stands: for what all AWS SDKs know by the same names.
  // Holds secrets.
  std::map<std::string, std::string, std::less<>> aws_variables;
};

// Where a value comes from.
struct Origin {
  enum class Source : std::uint8_t { preset, environment, file } source = Source::preset;
  std::size_t line = 0;  // of the .env file
};
// "default", "environment", ".env line 3"
std::string to_string(const Origin& origin);

struct OptionState {
  Value value;
  Origin origin;
};

struct Loaded {
  Settings settings;
  std::map<std::string_view, OptionState> states;  // by option name: every option
  std::vector<std::string> warnings;               // to be logged at warn
  std::vector<std::string> notes;                  // to be logged at info: what was chosen and why
};

// `environment`: "NAME=value" entries. The .env file may be missing. All faults come in one error (`invalid`), one a
// line, none with a value in it.
base::Result<Loaded> load(const std::vector<std::string>& environment, const std::optional<std::string>& env_file);
// The same with this process's environment.
base::Result<Loaded> load_from_process(const std::optional<std::string>& env_file);

}  // namespace twinshift::config
