// The part of the command line that is `twinshift backup`. One thread.
#pragma once

#include <string>

#include "app/commands.hpp"

namespace CLI {
class App;
}

namespace twinshift::app {

class BackupCommand {
 public:
  // The subcommand and its options; `this` stays where it is.
  void add_to(CLI::App& app);
  [[nodiscard]] bool parsed() const;
  // Reads the configuration from the environment and `env_file`, but for --check: a copy may be looked at on any
  // machine. The exit code.
  [[nodiscard]] int run(const std::string& env_file) const;

 private:
  BackupOptions options_;
  std::string check_;
  CLI::App* command_ = nullptr;
};

}  // namespace twinshift::app
