// The part of the command line that speaks to the service's own port: `twinshift generate` and `twinshift health`. One
// thread.
#pragma once

#include <string>

#include "app/commands.hpp"

namespace CLI {
class App;
}

namespace twinshift::app {

class OwnPortCommands {
 public:
  // The subcommands and their options; `this` stays where it is.
  void add_to(CLI::App& app);
  [[nodiscard]] bool parsed() const;
  // Reads the configuration, where it is needed, from the environment and `env_file`; the exit code.
  [[nodiscard]] int run(const std::string& env_file);

 private:
  void add_generate(CLI::App& app);
  void add_health(CLI::App& app);
  int run_generate(const std::string& env_file);
  void show_own_token(const config::Settings& settings);

  GenerateOptions options_;
  bool ready_ = false;
  CLI::App* generate_ = nullptr;
  CLI::App* health_ = nullptr;
};

}  // namespace twinshift::app
