// The part of the command line that compares the two targets: verify, repair, rebuild. One thread.
#pragma once

#include "app/commands.hpp"
#include "config/settings.hpp"

namespace CLI {
class App;
}

namespace twinshift::app {

class ProofCommands {
 public:
  // The subcommands and their options; `this` stays where it is.
  void add_to(CLI::App& app);
  // Is it one of these?
  [[nodiscard]] bool parsed() const;
  // Runs the one that was parsed; its exit code.
  [[nodiscard]] int run(const config::Settings& settings) const;

 private:
  void add_verify(CLI::App& app);
  void add_repair(CLI::App& app);
  void add_rebuild(CLI::App& app);

  VerifyCommandOptions verify_options_;
  RepairOptions repair_options_;
  RebuildOptions rebuild_options_;
  CLI::App* verify_ = nullptr;
  CLI::App* repair_ = nullptr;
  CLI::App* rebuild_ = nullptr;
};

}  // namespace twinshift::app
