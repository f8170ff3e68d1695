#include "app/cli_own_port.hpp"

#include <algorithm>
#include <cstdio>

#include <CLI/CLI.hpp>

#include "app/cli_words.hpp"
#include "app/exit_code.hpp"
#include "app/own_url.hpp"
#include "config/token_list.hpp"

namespace twinshift::app {
namespace {

int explain(const base::Error& error, ExitCode code) {
  std::fprintf(stderr, "twinshift: %s\n", error.text().c_str());
  return code;
}

}  // namespace

void OwnPortCommands::add_to(CLI::App& app) {
  add_generate(app);
  add_health(app);
}

bool OwnPortCommands::parsed() const {
  return generate_->parsed() || health_->parsed();
}

void OwnPortCommands::add_generate(CLI::App& app) {
  generate_ =
      app.add_subcommand("generate", "Send AppsFlyer-like events (seeded: the same seed gives the same events)");
  generate_->add_option("--events", options_.events, "How many")->required()->check(CLI::Range(1, 1'000'000'000));
  add_number(generate_, "--rate", options_.rate_per_second, 0, 1'000'000, "Events a second; 0: as fast as possible");
  generate_->add_option("--url", options_.url, "Where to (default: this configuration's own webhook)");
  generate_
      ->add_option("--ca", options_.ca_file,
                   "PEM file of the authority that signed an https server's certificate (default: the system's)")
      ->check(CLI::ExistingFile);
  generate_->add_option("--seed", options_.seed, "Which events (default 1)");
  generate_->add_option("--connections", options_.connections, "How many side by side (default 8)")
      ->check(CLI::Range(1, 1024));
  generate_->add_option("--token", options_.token,
                        "The webhook's token (default: for its own webhook, WEBHOOK_TOKENS' first one that is good for "
                        "every app)");
  generate_->add_option("--token-header", options_.token_header,
                        "The header to show it in (default Authorization; for its own webhook WEBHOOK_TOKEN_HEADER)");
  generate_->add_option("--out", options_.out_file,
                        "Write one event a line to this file ('-': standard output) and send nothing");
}

void OwnPortCommands::add_health(CLI::App& app) {
  health_ =
      app.add_subcommand("health", "Ask the running service for /health: exit code 0 when it answers 200, else 1");
  health_->add_flag("--ready", ready_, "Ask for /ready instead: whether it can do its job");
}

int OwnPortCommands::run(const std::string& env_file) {
  if (generate_->parsed()) return run_generate(env_file);
  const auto loaded = config::load_from_process(env_file);
  // Docker keeps the exit code 2 of a health check for itself.
  return loaded ? run_health(loaded->settings, ready_) : explain(loaded.error(), kExitFailed);
}

// To this service only: elsewhere the token would be told to strangers. Of events of two apps, one app's is no good.
void OwnPortCommands::show_own_token(const config::Settings& settings) {
  if (generate_->count("--token-header") == 0) options_.token_header = settings.webhook_token_header;
  const auto tokens = config::parse_token_list(settings.webhook_tokens);
  if (!options_.token.empty() || !tokens) return;
  const auto good_for_all = std::ranges::find(*tokens, std::string(), &config::AppToken::app_id);
  if (good_for_all != tokens->end()) options_.token = good_for_all->token;
}

int OwnPortCommands::run_generate(const std::string& env_file) {
  if (options_.url.empty() && options_.out_file.empty()) {
    const auto loaded = config::load_from_process(env_file);
    if (!loaded) return explain(loaded.error(), kExitUsage);
    auto url = own_url(loaded->settings, "/webhook/appsflyer");
    if (!url) return explain(url.error(), kExitUsage);
    options_.url = std::move(*url);
    show_own_token(loaded->settings);
  }
  return generate(options_);
}

}  // namespace twinshift::app
