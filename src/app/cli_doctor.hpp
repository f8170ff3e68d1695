// The part of the command line that is `twinshift doctor`. One thread.
#pragma once

#include <string>

#include "app/commands.hpp"

namespace CLI {
class App;
}

namespace twinshift::app {

class DoctorCommand {
 public:
  // The subcommand and its options; `this` stays where it is.
  void add_to(CLI::App& app);
  [[nodiscard]] bool parsed() const;
  // Reads the configuration from the environment and `env_file`; the exit code.
  [[nodiscard]] int run(const std::string& env_file) const;

 private:
  DoctorOptions options_;
  double timeout_seconds_ = std::chrono::duration<double>(kDoctorMax).count();
  bool list_ = false;
  CLI::App* command_ = nullptr;
};

}  // namespace twinshift::app
