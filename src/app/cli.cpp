#include "app/cli.hpp"

#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "app/cli_backup.hpp"
#include "app/cli_doctor.hpp"
#include "app/cli_own_port.hpp"
#include "app/cli_proof.hpp"
#include "app/cli_words.hpp"
#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/version.hpp"
#include "base/log.hpp"
#include "config/render.hpp"

namespace twinshift::app {
namespace {

constexpr const char* kEnvFile = ".env";
constexpr const char* kAbout =
    "Takes AppsFlyer events over HTTP, keeps them in a durable queue and lands each one, once, in two data "
    "warehouses.\n"
    "Configuration comes from the environment and from .env in the working folder; `twinshift config` shows what is in "
    "effect.\n"
    "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 the targets' answers differ, 4 cannot start, 5 "
    "stopped with work "
    "left in the queue.";

// The configuration, or nothing after its faults were written to standard error.
std::optional<config::Loaded> load_or_explain() {
  auto loaded = config::load_from_process(kEnvFile);
  if (!loaded) {
    std::fprintf(stderr, "twinshift: %s\n", loaded.error().text().c_str());
    return std::nullopt;
  }
  return std::move(*loaded);
}

// A command's standard output is its answer alone; what its drivers have to say is of use to a person only.
void log_to_stderr() {
  base::log::set_level(base::log::Level::warn);
  base::log::set_sink(
      [](std::string_view line) { std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data()); });
}

struct Commands {
  CLI::App app{kAbout, "twinshift"};
  QueryOptions query_options;
  SchemaOptions schema_options;
  QuarantineOptions quarantine_options;
  QueueOptions queue_options;
  BooksOptions books_options;
  OwnPortCommands own_port;
  ProofCommands proof;
  DoctorCommand doctor;
  BackupCommand backup;
  EraseOptions erase_options;
  WaiveOptions waive_options;
  TraceCommandOptions trace_options;
  bool markdown = false;
  CLI::App* serve_command = nullptr;
  CLI::App* config_command = nullptr;
  CLI::App* query_command = nullptr;
  CLI::App* schema_command = nullptr;
  CLI::App* quarantine_command = nullptr;
  CLI::App* queue_command = nullptr;
  CLI::App* books_command = nullptr;
  CLI::App* erase_command = nullptr;
  CLI::App* waive_command = nullptr;
  CLI::App* trace_command = nullptr;
  CLI::App* version_command = nullptr;

  Commands() {
    app.require_subcommand(0, 1);
    app.set_version_flag("--version", std::string("twinshift ") + kVersion);
    serve_command = app.add_subcommand("serve", "Take events until SIGTERM");
    add_config();
    add_query();
    own_port.add_to(app);
    add_schema();
    add_quarantine();
    add_queue();
    add_books();
    doctor.add_to(app);
    proof.add_to(app);
    add_erase();
    add_trace();
    backup.add_to(app);
    version_command = app.add_subcommand("version", "Show the version");
    app.add_subcommand("help", "Show this text");
  }

  void add_config() {
    config_command =
        app.add_subcommand("config", "Show the effective configuration: values, secrets masked, where each comes from");
    config_command->add_flag("--markdown", markdown, "Print the reference page of all options instead");
  }

  void add_query() {
    query_command = app.add_subcommand("query", "Run one read-only statement in one warehouse or in both, and compare");
    query_command->add_option("sql", query_options.sql, "One SELECT")->required();
    query_command->add_option("--target", query_options.target, "primary, secondary or both")
        ->check(CLI::IsMember({"primary", "secondary", "both"}));
    query_command->add_option("--format", query_options.format, "table, json or csv")
        ->transform(formats({TableFormat::table, TableFormat::json, TableFormat::csv}));
    query_command->add_option("--limit", query_options.rows_max, "At most this many rows of each target (default 1000)")
        ->check(CLI::Range(1, 1'000'000));
  }

  void add_schema() {
    schema_command = app.add_subcommand("schema", "Print a target's table as SQL, make it, or show what differs in it");
    schema_command->add_option("--target", schema_options.target, "primary or secondary; --diff: both, unless named")
        ->check(CLI::IsMember({"primary", "secondary"}));
    schema_command->add_option("--dialect", schema_options.dialect, "postgres or redshift instead of the target's own")
        ->check(CLI::IsMember({"postgres", "redshift"}));
    auto* apply = schema_command->add_flag(
        "--apply", schema_options.apply, "Create the table or add what it lacks; nothing is ever dropped or narrowed");
    auto* diff = schema_command->add_flag("--diff", schema_options.diff,
                                          "Show what differs between the real tables and from what they should be");
    diff->excludes(apply)->excludes("--dialect");
    apply->needs("--target")->excludes("--dialect");
    schema_command->add_option("--format", schema_options.format, "Of --diff: table or json")
        ->needs(diff)
        ->transform(formats({TableFormat::table, TableFormat::json}));
  }

  void add_erase() {
    erase_command = app.add_subcommand("erase", "Remove a person's events everywhere, for good; none comes back");
    erase_command->add_option("--where", erase_options.where, "FIELD=VALUE, for example customer_user_id=4711")
        ->required();
    erase_command->add_flag("--yes", erase_options.yes, "Really; without it, what stands where is told");
  }

  void add_trace() {
    trace_command =
        app.add_subcommand("trace", "What became of an event: received, batch, landed where, owed, refused");
    trace_command
        ->add_option("id", trace_options.id,
                     "An event id (32 digits), a message id, or an appsflyer_id (its newest 20)")
        ->required();
    trace_command
        ->add_option("--from", trace_options.from,
                     "Look through tables from this event_at on, UTC (2026-11-26T19:00); Redshift: else 31 days")
        ->check(not_empty());
    trace_command->add_option("--to", trace_options.to, "Up to this event_at, itself not included")->check(not_empty());
    trace_command->add_flag("--tables", trace_options.ask_tables,
                            "Ask the tables for an appsflyer_id even where the journal knows events of it");
    add_text_or_json(trace_command, trace_options.json);
  }

  void add_books() {
    books_command = app.add_subcommand("books", "Whether all that was received is accounted for, hour by hour");
    books_command->add_option("--format", books_options.format, "table, json or csv")
        ->transform(formats({TableFormat::table, TableFormat::json, TableFormat::csv}));
    books_command->add_flag("--instances", books_options.instances,
                            "What each instance has published of its own books, as the primary holds it");
    add_books_waive();
  }

  void add_books_waive() {
    waive_command = books_command->add_subcommand(
        "waive", "Sign off events that are missing, once you have looked into it: the books count them as waived");
    waive_command->add_option("--target", waive_options.target, "primary or secondary")
        ->check(CLI::IsMember({"primary", "secondary"}));
    waive_command->add_option("--hour", waive_options.hour, "As `twinshift books` shows it: 2026-11-26T19:00Z");
    waive_command->add_option("--events", waive_options.events, "How many, at most what is missing of that hour")
        ->check(CLI::Range(1, 2'000'000'000));
    waive_command->add_option("--reason", waive_options.reason, "Why: shown by --list and in the log");
    waive_command->add_flag("--yes", waive_options.yes, "Really; without it, what would be done is told");
    waive_command->add_flag("--list", waive_options.list, "What was signed off so far, instead");
    waive_command->add_option("--format", waive_options.format, "Of --list: table, json or csv")
        ->transform(formats({TableFormat::table, TableFormat::json, TableFormat::csv}));
    waive_command->callback([this] {
      const bool named = !waive_options.target.empty() && !waive_options.hour.empty() && waive_options.events > 0;
      if (named == waive_options.list) {
        throw CLI::ValidationError("name a loss by --target, --hour and --events, or ask for the --list");
      }
    });
  }

  void add_queue() {
    queue_command = app.add_subcommand("queue", "The SQS queues: how many messages wait where; bring back the DLQ's");
    queue_command->require_subcommand(1);
    CLI::App* status = queue_command->add_subcommand("status", "Depth of queue, DLQ, backlog and quarantine");
    status->add_flag("--json", queue_options.json, "As JSON");
    status->callback([this] { queue_options.action = "status"; });
    CLI::App* redrive = queue_command->add_subcommand("redrive", "Messages of the DLQ go back into the queue");
    redrive->callback([this] { queue_options.action = "redrive"; });
  }

  void add_quarantine() {
    quarantine_command = app.add_subcommand("quarantine", "Events that a target refuses for good: look, replay, drop");
    quarantine_command->require_subcommand(1);
    const auto add = [this](const std::string& name, const std::string& text) {
      CLI::App* command = quarantine_command->add_subcommand(name, text);
      command->callback([this, name] { quarantine_options.action = name; });
      return command;
    };
    const auto add_target = [this](CLI::App* command) {
      return command->add_option("--target", quarantine_options.target, "primary or secondary; all unless named")
          ->check(CLI::IsMember({"primary", "secondary"}));
    };
    CLI::App* list = add("list", "The newest records, without the events themselves");
    add_target(list);
    list->add_option("--limit", quarantine_options.records_max, "At most this many (default 100)")
        ->check(CLI::Range(1, 100'000));
    list->add_option("--format", quarantine_options.format, "table, csv, or json with the events, one a line")
        ->transform(formats({TableFormat::table, TableFormat::json, TableFormat::csv}));
    add("show", "Records as JSON, with their events")
        ->add_option("id", quarantine_options.ids, "Their numbers, as `list` shows them")
        ->required();
    CLI::App* exported = add("export", "All records as JSON, one a line, with their events, oldest first");
    add_target(exported);
    exported->add_option("--out", quarantine_options.out_file, "The file to write (default: standard output)");
    for (const bool drops : {false, true}) {
      CLI::App* command = add(drops ? "drop" : "replay",
                              drops ? "Forget records for good" : "Send events on their way to the target again");
      auto* ids = command->add_option("id", quarantine_options.ids, "Their numbers, as `list` shows them");
      auto* all = command->add_flag("--all", quarantine_options.all, "All of them")->excludes(ids);
      add_target(command)->needs(all);
      if (drops) command->add_flag("--yes", quarantine_options.yes, "Really");
      command->callback([this, drops] {  // in place of the one that add() gave it
        quarantine_options.action = drops ? "drop" : "replay";
        if (quarantine_options.ids.empty() && !quarantine_options.all) {
          throw CLI::ValidationError("name records by number, or all by --all");
        }
      });
    }
  }

  int run() {
    if (version_command->parsed()) {
      std::printf("twinshift %s\n", kVersion);
      return kExitOk;
    }
    if (config_command->parsed()) return show_config();
    if (serve_command->parsed()) return start_service();
    log_to_stderr();
    if (query_command->parsed()) return run_query();
    if (own_port.parsed()) return own_port.run(kEnvFile);
    if (schema_command->parsed()) return run_schema();
    if (quarantine_command->parsed()) return look_into_quarantine();
    if (queue_command->parsed()) return look_into_queues();
    if (books_command->parsed()) return show_books();
    if (proof.parsed()) return compare_targets();
    if (doctor.parsed()) return doctor.run(kEnvFile);
    if (erase_command->parsed()) return erase_person();
    if (trace_command->parsed()) return trace_event();
    if (backup.parsed()) return backup.run(kEnvFile);
    // help() would show the parsed subcommand's own page.
    std::printf("%s", app.get_formatter()->make_help(&app, app.get_name(), CLI::AppFormatMode::Normal).c_str());
    return kExitOk;
  }

  int show_config() const {
    if (markdown) {
      std::printf("%s", config::render_markdown().c_str());
      return kExitOk;
    }
    const auto loaded = load_or_explain();
    if (!loaded) return kExitUsage;
    for (const auto& warning : loaded->warnings) std::fprintf(stderr, "twinshift: warning: %s\n", warning.c_str());
    std::printf("%s", config::render_effective(*loaded).c_str());
    return kExitOk;
  }

  static int start_service() {
    const auto loaded = load_or_explain();
    const auto reread = [] { return config::load_from_process(kEnvFile); };
    return loaded ? serve(*loaded, reread) : static_cast<int>(kExitUsage);
  }

  [[nodiscard]] int run_query() const {
    const auto loaded = load_or_explain();
    if (!loaded) return kExitUsage;
    return query(loaded->settings, query_options);
  }

  [[nodiscard]] int run_schema() const {
    const bool needs_target = !schema_options.target.empty() || schema_options.diff;
    if (!needs_target && !schema_options.dialect.empty()) return print_schema(schema_options.dialect);
    if (!needs_target) {
      std::fprintf(stderr, "twinshift: schema needs --target, --dialect or --diff; `twinshift schema --help`\n");
      return kExitUsage;
    }
    const auto loaded = load_or_explain();
    return loaded ? schema(loaded->settings, schema_options) : static_cast<int>(kExitUsage);
  }

  [[nodiscard]] int look_into_quarantine() const {
    const auto loaded = load_or_explain();
    return loaded ? run_quarantine(loaded->settings, quarantine_options) : static_cast<int>(kExitUsage);
  }

  [[nodiscard]] int look_into_queues() const {
    const auto loaded = load_or_explain();
    return loaded ? run_queue(loaded->settings, queue_options) : static_cast<int>(kExitUsage);
  }

  [[nodiscard]] int compare_targets() const {
    const auto loaded = load_or_explain();
    return loaded ? proof.run(loaded->settings) : static_cast<int>(kVerifyUndecided);
  }

  [[nodiscard]] int erase_person() const {
    const auto loaded = load_or_explain();
    return loaded ? run_erase(loaded->settings, erase_options) : static_cast<int>(kExitUsage);
  }

  [[nodiscard]] int trace_event() const {
    const auto loaded = load_or_explain();
    return loaded ? run_trace(loaded->settings, trace_options) : static_cast<int>(kTraceUndecided);
  }

  [[nodiscard]] int show_books() const {
    const auto loaded = load_or_explain();
    if (!loaded) return kExitUsage;
    return waive_command->parsed() ? run_books_waive(loaded->settings, waive_options)
                                   : run_books(loaded->settings, books_options);
  }
};

// A SIGHUP during the start is taken once the service runs (serve.cpp): it must not end the program before.
void keep_hangups() {
  sigset_t hangup;
  sigemptyset(&hangup);
  sigaddset(&hangup, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &hangup, nullptr);
}

}  // namespace

int run_command_line(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "serve") keep_hangups();
  Commands commands;
  try {
    commands.app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return commands.app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  return commands.run();
}

}  // namespace twinshift::app
