#include "app/cli_backup.hpp"

#include <cstdio>

#include <CLI/CLI.hpp>

#include "app/cli_words.hpp"
#include "app/exit_code.hpp"

namespace twinshift::app {

void BackupCommand::add_to(CLI::App& app) {
  command_ = app.add_subcommand("backup",
                                "Copy the data folder as of one moment, beside the running service, or check a copy");
  auto* what = command_->add_option_group("what");
  what->add_option("--to", options_.to, "The folder to make: new, or empty; best on another disk")->check(not_empty());
  what->add_option("--check", check_, "Check the copy in this folder instead: sums, and every database")
      ->check(not_empty());
  what->require_option(1);
  command_->add_flag("--no-trace", options_.no_trace, "Without trace/ (twinshift trace then begins anew)");
  add_number(command_, "--rate", options_.megabytes_per_second, 0, 100'000,
             "MB a second at most (default 50); 0: as fast as it goes");
}

bool BackupCommand::parsed() const {
  return command_->parsed();
}

int BackupCommand::run(const std::string& env_file) const {
  if (!check_.empty()) return run_backup_check(check_);
  const auto loaded = config::load_from_process(env_file);
  if (loaded) return run_backup(loaded->settings, options_);
  std::fprintf(stderr, "twinshift: %s\n", loaded.error().text().c_str());
  return kExitUsage;
}

}  // namespace twinshift::app
