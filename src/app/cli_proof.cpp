#include "app/cli_proof.hpp"

#include <CLI/CLI.hpp>

#include "app/cli_words.hpp"

namespace twinshift::app {

void ProofCommands::add_to(CLI::App& app) {
  add_verify(app);
  add_repair(app);
  add_rebuild(app);
}

bool ProofCommands::parsed() const {
  return verify_->parsed() || repair_->parsed() || rebuild_->parsed();
}

int ProofCommands::run(const config::Settings& settings) const {
  if (repair_->parsed()) return run_repair(settings, repair_options_);
  if (rebuild_->parsed()) return run_rebuild(settings, rebuild_options_);
  return run_verify(settings, verify_options_);
}

void ProofCommands::add_verify(CLI::App& app) {
  verify_ = app.add_subcommand("verify", "Whether the two warehouses are the same, and which events differ");
  verify_->add_option("--from", verify_options_.from, "From this event_at on, UTC (2026-11-26T19:00)")
      ->check(not_empty());
  verify_->add_option("--to", verify_options_.to, "Up to this event_at, itself not included")->check(not_empty());
  verify_->add_option("--window", verify_options_.window, "Compared at once: 30m, 1h, 7d (default 1h)");
  verify_->add_flag("--deep", verify_options_.deep,
                    "Also read every row: finds what was changed in place, and in which columns");
  add_number(verify_, "--query-seconds", verify_options_.query_seconds, 0.05, 600,
             "How long one query should take on a target: it asks for more or less at a time (default 2)");
  verify_->add_option("--ids-max", verify_options_.ids_max, "Name at most so many (default 10000)")->check(a_count());
  add_text_or_json(verify_, verify_options_.json);
}

void ProofCommands::add_repair(CLI::App& app) {
  repair_ = app.add_subcommand(
      "repair", "Make the two warehouses the same again: tells what would be done, or with --apply does it");
  repair_->add_option("--from", repair_options_.from, "From this event_at on, UTC (2026-11-26T19:00)")
      ->check(not_empty());
  repair_->add_option("--to", repair_options_.to, "Up to this event_at, itself not included")->check(not_empty());
  repair_
      ->add_option("--received-from", repair_options_.received_from,
                   "Only events that arrived from this moment on, UTC")
      ->check(not_empty());
  repair_->add_option("--received-to", repair_options_.received_to, "Only events that arrived before")
      ->check(not_empty());
  repair_->add_option("--window", repair_options_.window, "Compared at once: 30m, 1h, 7d (default 1h)");
  repair_->add_flag("--deep", repair_options_.deep, "Also read every row: finds what was changed in place");
  repair_->add_flag("--apply", repair_options_.apply, "Do it");
  repair_->add_option("--ids-max", repair_options_.ids_max, "Name at most so many (default 10000)")->check(a_count());
  add_text_or_json(repair_, repair_options_.json);
}

void ProofCommands::add_rebuild(CLI::App& app) {
  rebuild_ = app.add_subcommand(
      "rebuild", "Fill an empty or damaged target from the other one: tells what it lacks, or with --apply does it");
  rebuild_->add_option("--target", rebuild_options_.target, "primary or secondary")
      ->required()
      ->check(CLI::IsMember({"primary", "secondary"}));
  rebuild_->add_flag("--apply", rebuild_options_.apply, "Do it");
  rebuild_->add_option("--ids-max", rebuild_options_.ids_max, "Name at most so many that are left")->check(a_count());
  add_text_or_json(rebuild_, rebuild_options_.json);
}

}  // namespace twinshift::app
