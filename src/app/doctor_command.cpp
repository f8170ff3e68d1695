// `twinshift doctor`: is this set-up sound, and what mends what is not?
#include <algorithm>
#include <cstdio>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "app/answer_written.hpp"
#include "app/commands.hpp"
#include "app/doctor_aws.hpp"
#include "app/doctor_endpoint.hpp"
#include "app/doctor_machine.hpp"
#include "app/doctor_pair.hpp"
#include "app/doctor_queue.hpp"
#include "app/doctor_target.hpp"
#include "app/doctor_text.hpp"
#include "app/driver_table.hpp"
#include "app/drivers_aws.hpp"
#include "app/exit_code.hpp"
#include "aws/services.hpp"

namespace twinshift::app {
namespace {

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

Finding check_configuration(const config::Settings& settings, const std::vector<std::string>& warnings) {
  if (warnings.empty()) {
    return good(fmt::format("queue {}, primary {}, secondary {}", settings.queue.driver, settings.primary.driver,
                            settings.secondary ? settings.secondary->driver : "none"));
  }
  std::string what;
  for (const std::string& warning : warnings) what += (what.empty() ? "" : "; ") + warning;
  return warning(std::move(what), "it may not be what is meant",
                 "Set or unset what is named; `twinshift config` shows each setting and where it came from");
}

// The checks of one run, in three turns: what all depend on, then queue and targets side by side, then what compares
// the two.
class Doctor {
 public:
  Doctor(const config::Loaded& loaded, const DoctorOptions& options)
      : settings_(std::make_shared<const config::Settings>(loaded.settings)),
        warnings_(loaded.warnings),
        deadline_(std::chrono::steady_clock::now() + options.timeout),
        targets_(targets_of(options.target)) {}

  void run() {
    carry_out(ground());
    carry_out(queue_and_targets());
    if (auto pair = comparison(); !pair.empty()) carry_out(std::move(pair));
  }

  [[nodiscard]] const std::vector<Check>& checks() const { return checks_; }
  [[nodiscard]] bool leaves_threads() const { return leaves_threads_; }

 private:
  [[nodiscard]] std::vector<std::string> targets_of(const std::string& target) const {
    if (!target.empty()) return {target};
    if (settings_->secondary) return {"primary", "secondary"};
    return {"primary"};
  }

  void carry_out(std::vector<Group> groups) {
    GroupsRun run = run_groups(std::move(groups), deadline_);
    std::ranges::move(run.checks, std::back_inserter(checks_));
    leaves_threads_ = leaves_threads_ || run.leaves_threads;
  }

  [[nodiscard]] std::vector<Group> ground() const {
    std::vector<Group> groups;
    groups.push_back({"settings", {{"configuration", [settings = settings_, warnings = warnings_] {
                                      return check_configuration(*settings, warnings);
                                    }}}});
    groups.push_back(machine_group(*settings_));
    if (const std::string url = aws_url(); !url.empty()) {
      std::ranges::move(aws_groups(*settings_, url), std::back_inserter(groups));
    }
    return groups;
  }

  // An endpoint of AWS that our own identity is used at; empty where there is none.
  [[nodiscard]] std::string aws_url() const {
    for (const std::string& url :
         {settings_->sqs_queue_url, settings_->secondary_backlog_queue_url, settings_->quarantine_queue_url}) {
      if (url.empty()) continue;
      const auto options = sqs_admin_options(*settings_, url, "queue");
      if (options) return options->client->options().endpoint;
    }
    for (const std::string& name : targets_) {
      const auto target = find_target(*settings_, name);
      if (!target || !is_on_aws(**target)) continue;
      const auto way = way_to(*settings_, **target);
      if (!way) continue;
      if ((*target)->driver == "redshift_data") return way->endpoint;
      const auto control = make_client(*way->access, aws::kRedshift, {}, name);
      if (control) return (*control)->options().endpoint;
    }
    return {};
  }

  // Why nothing can be asked of AWS: what its checks have found. The first that fails says it: others stand on it.
  [[nodiscard]] std::optional<std::string> refusal_by_aws() const {
    const auto failed = std::ranges::find_if(
        checks_, [](const Check& each) { return each.about == "aws" && each.found.state == CheckState::fail; });
    if (failed == checks_.end()) return std::nullopt;
    if (failed->id == "credentials") return "there are no AWS credentials to ask with";
    if (failed->id == "identity") return "AWS does not take our credentials";
    return fmt::format("needs `{}`", failed->id);
  }

  [[nodiscard]] std::vector<Group> queue_and_targets() {
    const std::optional<std::string> refused = refusal_by_aws();
    std::vector<Group> groups = queue_groups(*settings_);
    for (Group& group : groups) {
      if (refused && (group.about != "queue" || settings_->queue.driver == "sqs")) skip(group, *refused);
    }
    for (const std::string& name : targets_) {
      auto seen = std::make_shared<TableSeen>();
      Group group = target_group(settings_, name, seen);
      const auto target = find_target(*settings_, name);
      const bool on_our_own = target && is_on_aws(**target) && (*target)->aws_profile.empty();
      if (refused && on_our_own) skip(group, *refused);
      groups.push_back(std::move(group));
      seen_.push_back(std::move(seen));
    }
    return groups;
  }

  // Each would only say once more that AWS does not take us. Where a target is the settings alone say; an `endpoint`
  // with nothing behind it says why nothing can be asked.
  static void skip(Group& group, const std::string& why) {
    for (Step& step : group.steps) {
      if (step.id != "endpoint" || group.steps.size() == 1) step.run = [why] { return barred(why); };
    }
  }

  [[nodiscard]] std::vector<Group> comparison() const {
    if (seen_.size() != 2) return {};
    const auto primary = seen_[0]->get();
    const auto secondary = seen_[1]->get();
    if (!primary || !secondary) return {};
    return {pair_group(settings_, *primary, *secondary)};
  }

  const std::shared_ptr<const config::Settings> settings_;
  const std::vector<std::string> warnings_;
  const base::SteadyTime deadline_;
  const std::vector<std::string> targets_;
  std::vector<std::shared_ptr<TableSeen>> seen_;
  std::vector<Check> checks_;
  bool leaves_threads_ = false;
};

int finish(const std::vector<Check>& checks, bool json) {
  print(json ? checks_as_json(checks) : checks_as_text(checks, ::isatty(STDOUT_FILENO) != 0));
  if (const auto written = answer_written(); !written) {
    std::fprintf(stderr, "twinshift: %s\n", written.error().text().c_str());
    return kExitFailed;
  }
  return verdict_of(checks) == CheckState::fail ? kExitFailed : kExitOk;
}

}  // namespace

int list_doctor_checks() {
  print(kinds_as_text());
  return kExitOk;
}

int tell_configuration_fault(const base::Error& error, const DoctorOptions& options) {
  const Check check{"configuration", "settings",
                    failure(error.message, "the service does not start",
                            "Correct each of them; `twinshift config --markdown` is the reference of all settings"),
                    std::nullopt};
  if (options.json) print(checks_as_json({&check, 1}));
  std::fprintf(stderr, "twinshift: %s\n", error.text().c_str());
  return kExitUsage;
}

int run_doctor(const config::Loaded& loaded, const DoctorOptions& options) {
  Doctor doctor(loaded, options);
  doctor.run();
  const int code = finish(doctor.checks(), options.json);
  // A thread that hangs in a call cannot be joined, and must not meet destructors.
  if (doctor.leaves_threads()) _exit(code);
  return code;
}

}  // namespace twinshift::app
