#include "app/reload.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/log.hpp"

namespace twinshift::app {
namespace {

namespace log = base::log;
using config::Change;
using config::Loaded;

constexpr std::string_view kSwitch = "SECONDARY_REDSHIFT_ENABLED";

bool holds(const std::vector<std::string_view>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// Says what a target is, or how it is reached.
bool is_of_a_target(std::string_view name) {
  return name.find("REDSHIFT_") != std::string_view::npos || name.find("AWS_") != std::string_view::npos ||
         name.find("WAREHOUSE_") != std::string_view::npos || name == "SECONDARY_BACKLOG_QUEUE_URL";
}

bool switches_tls(const Change& change) {
  return change.name.starts_with("TLS_") && (change.from.empty() || change.to.empty());
}

std::vector<Change> of_part(const LivePart& part, const std::vector<Change>& changed) {
  std::vector<Change> own;
  std::ranges::copy_if(changed, std::back_inserter(own), [&](const Change& c) { return holds(part.options, c.name); });
  return own;
}

// Also where the level has just become `warn`: whoever sent the signal looks for an answer.
void say(const std::string& text) {
  const log::Line line(log::enabled(log::Level::info) ? log::Level::info : log::Level::warn, text);
}

// A start's text, of a service that runs.
base::Error of_a_reload(base::Error error) {
  constexpr std::string_view kOfAStart = "nothing was started";
  if (const auto at = error.message.find(kOfAStart); at != std::string::npos) {
    error.message.replace(at, kOfAStart.size(), "nothing was changed");
  }
  if (error.hint.empty()) error.hint = "Mend it and send SIGHUP again; a restart would fail as well";
  return error;
}

bool has_options_of_a_file(const Loaded& loaded) {
  return std::ranges::any_of(
      loaded.states, [](const auto& each) { return each.second.origin.source == config::Origin::Source::file; });
}

// A file that is being replaced, or that an edit has emptied, would take every option of it back to its default, the
// webhook's tokens among them. A start may go without a file: there is nothing yet that it could open.
base::Status check_file(const Loaded& now, const Loaded& fresh) {
  if (!has_options_of_a_file(now) || has_options_of_a_file(fresh)) return {};
  return base::fail(base::ErrorKind::invalid, "the file is gone or sets nothing any more; nothing was changed", ".env",
                    "Put it back and send SIGHUP again; to go on without it, restart the service");
}

}  // namespace

ReloadPlan plan_reload(const Loaded& now, const Loaded& fresh, const std::vector<std::string_view>& live) {
  ReloadPlan plan;
  for (Change& change : config::changes(now, fresh)) {
    if (holds(live, change.name) && !switches_tls(change)) {
      plan.live.push_back(std::move(change));
    } else {
      plan.restart.emplace_back(change.name);
    }
  }
  std::ranges::move(config::changed_aws_variables(now, fresh), std::back_inserter(plan.restart));
  const auto flips = std::ranges::find(plan.live, kSwitch, &Change::name);
  if (flips != plan.live.end() && std::ranges::any_of(plan.restart, is_of_a_target)) {
    plan.restart.emplace_back(kSwitch);
    plan.live.erase(flips);
  }
  return plan;
}

std::vector<std::string_view> Reloader::live_options() const {
  std::vector<std::string_view> all;
  for (const LivePart& part : parts_) all.insert(all.end(), part.options.begin(), part.options.end());
  return all;
}

base::Status Reloader::reload() {
  auto fresh = reread_();
  if (fresh) {
    if (auto file = check_file(now_, *fresh); !file) fresh = base::fail(std::move(file.error()));
  }
  if (!fresh) {
    base::Error error = of_a_reload(std::move(fresh.error()));
    log::error("Reload failed: the settings stay as they are").add(error);
    return base::fail(std::move(error));
  }
  for (const std::string& warning : fresh->warnings) log::warn(warning);
  const ReloadPlan plan = plan_reload(now_, *fresh, live_options());
  if (auto taken = take(*fresh, plan); !taken) return taken;
  if (!plan.restart.empty()) log::warn(fmt::format("Needs a restart: {}", fmt::join(plan.restart, ", ")));
  return {};
}

base::Status Reloader::take(const Loaded& fresh, const ReloadPlan& plan) {
  std::vector<std::string_view> names;
  for (const Change& change : plan.live) names.push_back(change.name);
  // All of them together before the first is taken: a half reload would be a state that nobody has written down.
  if (auto whole = config::with_options(now_, fresh, names); !whole) {
    log::error("Reload failed: the settings stay as they are").add(whole.error());
    return base::fail(std::move(whole.error()));
  }
  std::vector<std::string> taken;
  bool all = true;
  for (const LivePart& part : parts_) {
    const std::vector<Change> own = of_part(part, plan.live);
    if (!own.empty() || part.reads_files) all = apply(part, fresh, own, taken) && all;
  }
  if (!taken.empty()) {
    say(fmt::format("Reloaded: {}", fmt::join(taken, ", ")));
  } else if (all && plan.restart.empty()) {
    say("Reloaded: nothing has changed");
  }
  return {};
}

bool Reloader::apply(const LivePart& part, const Loaded& fresh, const std::vector<Change>& changed,
                     std::vector<std::string>& taken) {
  std::vector<std::string_view> names;
  for (const Change& change : changed) names.push_back(change.name);
  auto next = config::with_options(now_, fresh, names);
  base::Status done = next ? part.apply(next->settings) : base::fail(next.error());
  if (!done) {
    log::Line line = log::error("Reload: a part stays as it was");
    line.add("part", part.name);
    // None has changed where a part reads its files again.
    if (!names.empty()) line.add("options", fmt::format("{}", fmt::join(names, ", ")));
    line.add(done.error());
    return false;
  }
  now_ = std::move(*next);
  for (const Change& change : changed) taken.push_back(config::to_string(change));
  return true;
}

LivePart log_level_part() {
  return {.name = "log", .options = {"LOG_LEVEL"}, .apply = [](const config::Settings& settings) -> base::Status {
            log::set_level(log::level_from(settings.log_level).value_or(log::Level::info));
            return {};
          }};
}

}  // namespace twinshift::app
