// The commands behind the command line. Each returns an exit code (exit_code.hpp), writes its result to standard output
// and faults to standard error.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/table_text.hpp"
#include "base/error.hpp"
#include "config/settings.hpp"

namespace twinshift::app {

// Takes events until SIGTERM or SIGINT; SIGHUP reads the configuration again by `reread`, or ends a service that was
// started in a terminal.
int serve(const config::Loaded& loaded, std::function<base::Result<config::Loaded>()> reread);

struct QueryOptions {
  std::string sql;
  std::string target = "both";  // primary, secondary, both
  TableFormat format = TableFormat::table;
  std::size_t rows_max = 1000;
};
int query(const config::Settings& settings, const QueryOptions& options);

struct SchemaOptions {
  std::string target;   // primary, secondary; empty: with `dialect` no target at all, with `diff` both
  std::string dialect;  // postgres, redshift; empty: the target's own
  bool apply = false;
  bool diff = false;
  TableFormat format = TableFormat::table;  // of a diff
};
// Where neither a target nor a server is needed: the dialect's DDL with the table's usual name.
int print_schema(const std::string& dialect);
int schema(const config::Settings& settings, const SchemaOptions& options);

struct QuarantineOptions {
  std::string action;  // list, show, export, replay, drop
  std::string target;  // empty: all
  std::vector<std::int64_t> ids;
  bool all = false;
  bool yes = false;
  TableFormat format = TableFormat::table;
  std::size_t records_max = 100;
  std::string out_file = "-";
};
int run_quarantine(const config::Settings& settings, const QuarantineOptions& options);

struct QueueOptions {
  std::string action;  // status, redrive
  bool json = false;
};
int run_queue(const config::Settings& settings, const QueueOptions& options);

struct BooksOptions {
  TableFormat format = TableFormat::table;
  bool instances = false;  // what each instance has published, instead
};
// Asks the running service to count anew, or counts here where none runs.
int run_books(const config::Settings& settings, const BooksOptions& options);

struct WaiveOptions {
  std::string target;
  std::string hour;  // 2026-11-26T19:00Z
  std::uint64_t events = 0;
  std::string reason;
  bool yes = false;
  bool list = false;  // what was waived so, instead
  TableFormat format = TableFormat::table;
};
// Signs off events that are missing, in the running service or here where none runs.
int run_books_waive(const config::Settings& settings, const WaiveOptions& options);

struct VerifyCommandOptions {
  std::string from;  // of event_at; empty: from the first event on
  std::string to;    // empty: to the last
  std::string window = "1h";
  bool deep = false;
  double query_seconds = 2;
  bool json = false;
  std::size_t ids_max = 10'000;  // more are counted only
};
// Its exit codes are VerifyExitCode.
int run_verify(const config::Settings& settings, const VerifyCommandOptions& options);

struct RepairOptions {
  std::string from;           // of event_at; empty: from the first event on
  std::string to;             // empty: to the last
  std::string received_from;  // of arrival, likewise
  std::string received_to;
  std::string window = "1h";
  bool deep = false;
  bool apply = false;  // else nothing is changed
  bool json = false;
  std::size_t ids_max = 10'000;  // more are counted only
};
struct RebuildOptions {
  std::string target;  // primary, secondary
  bool apply = false;
  bool json = false;
  std::size_t ids_max = 10'000;  // of what is left
};
// Their exit codes are RepairExitCode.
int run_repair(const config::Settings& settings, const RepairOptions& options);
int run_rebuild(const config::Settings& settings, const RebuildOptions& options);

struct EraseOptions {
  std::string where;  // FIELD=VALUE
  bool yes = false;   // else it is only told what is where
};
// Removes a person's events everywhere, through the running service or here where none runs.
int run_erase(const config::Settings& settings, const EraseOptions& options);

// Megabytes a second.
inline constexpr double kBackupRate = 50;
struct BackupOptions {
  std::string to;
  bool no_trace = false;
  double megabytes_per_second = kBackupRate;  // 0: as fast as it goes
};
// Copies the data folder; --check looks through such a copy, and needs no settings.
int run_backup(const config::Settings& settings, const BackupOptions& options);
int run_backup_check(const std::string& folder);

struct TraceCommandOptions {
  std::string id;    // an event's, a message's, or an appsflyer_id
  std::string from;  // of event_at, where a table is looked through
  std::string to;
  bool json = false;
  bool ask_tables = false;  // by appsflyer_id also where the journal knows events of it
};
// Its exit codes are TraceExitCode.
int run_trace(const config::Settings& settings, const TraceCommandOptions& options);

// For all checks of `twinshift doctor` together, where nothing else is said.
inline constexpr std::chrono::milliseconds kDoctorMax{20'000};
struct DoctorOptions {
  std::string target;  // empty: both
  bool json = false;
  std::chrono::milliseconds timeout = kDoctorMax;
};
// Its exit codes: kExitOk (also with warnings), kExitFailed, kExitUsage where the configuration cannot be read.
int run_doctor(const config::Loaded& loaded, const DoctorOptions& options);
// Where it cannot be: all its faults.
int tell_configuration_fault(const base::Error& error, const DoctorOptions& options);
// One line a check: its id and what it tests.
int list_doctor_checks();

// How long `twinshift health` waits for its answer, connecting included.
inline constexpr std::chrono::milliseconds kHealthMax{3'000};
// Asks the running service for /health or /ready; kExitOk when it answers 200, else kExitFailed and one line why.
int run_health(const config::Settings& settings, bool ready);

struct GenerateOptions {
  std::uint64_t events = 0;
  double rate_per_second = 0;  // 0: as fast as the other side answers
  std::string url;             // http or https
  std::string ca_file;         // of https; empty: the system's
  std::uint64_t seed = 1;
  unsigned connections = 8;
  std::string token;  // empty: none is shown
  std::string token_header = "Authorization";
  std::string out_file;  // where set: one event a line into this file ("-": standard output), nothing is sent
};
int generate(const GenerateOptions& options);

}  // namespace twinshift::app
