#include "app/cli_doctor.hpp"

#include <map>

#include <CLI/CLI.hpp>

#include "app/cli_words.hpp"

namespace twinshift::app {

void DoctorCommand::add_to(CLI::App& app) {
  command_ = app.add_subcommand("doctor", "Check the whole set-up: what is wrong, what it means, what mends it");
  command_->add_option("--target", options_.target, "primary or secondary; both unless named")
      ->check(CLI::IsMember({"primary", "secondary"}));
  command_->add_flag("--json", options_.json, "As JSON");
  command_
      ->add_option("--timeout", timeout_seconds_,
                   "For all checks together: 20s, 1m (default 20s); one check has 10 s at most")
      ->transform(CLI::AsNumberWithUnit(std::map<std::string, double>{{"s", 1.0}, {"m", 60.0}},
                                        CLI::AsNumberWithUnit::CASE_SENSITIVE, "TIME"))
      ->check(between(1, 600));
  command_->add_flag("--list", list_, "Name the checks instead");
}

bool DoctorCommand::parsed() const {
  return command_->parsed();
}

int DoctorCommand::run(const std::string& env_file) const {
  if (list_) return list_doctor_checks();
  DoctorOptions options = options_;
  options.timeout =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::duration<double>(timeout_seconds_));
  const auto loaded = config::load_from_process(env_file);
  return loaded ? run_doctor(*loaded, options) : tell_configuration_fault(loaded.error(), options);
}

}  // namespace twinshift::app
