#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <unistd.h>
#include <unordered_map>

#include <fmt/format.h>

#include "config/env_file.hpp"
#include "config/resolve.hpp"
#include "config/settings.hpp"
#include "config/spelling.hpp"
#include "config/text.hpp"
#include "config/value.hpp"

extern char** environ;

namespace twinshift::config {
namespace {

constexpr std::size_t kFaultsShownMax = 50;
constexpr std::size_t kWarningsMax = 50;
constexpr std::size_t kNameBytesMax = 128;

constexpr std::array<std::string_view, 13> kPrefixes{"TWINSHIFT_", "SECONDARY_", "PRIMARY_", "REDSHIFT_", "SQS_",
                                                     "HTTP_",      "QUEUE_",     "WEBHOOK_", "INTAKE_",   "REFUSED_",
                                                     "BATCH_",     "LANE_",      "BACKLOG_"};

bool has_our_prefix(std::string_view name) {
  return name.size() <= kNameBytesMax &&
         std::ranges::any_of(kPrefixes, [&](std::string_view prefix) { return name.starts_with(prefix); });
}

// Names with our prefixes that others give to a process: the build's and the tests' own, the well-known proxy variable,
// and what Kubernetes adds for a service named twinshift.
bool is_somebody_elses(std::string_view name) {
  constexpr std::array<std::string_view, 4> kNames{"TWINSHIFT_JOBS", "TWINSHIFT_SKIP_SETUP", "TWINSHIFT_BINARY",
                                                   "HTTP_PROXY"};
  if (std::ranges::find(kNames, name) != kNames.end() || name.starts_with("TWINSHIFT_TEST_")) return true;
  return name.ends_with("_SERVICE_HOST") || name.find("_SERVICE_PORT") != std::string_view::npos ||
         name.ends_with("_PORT") || name.find("_TCP") != std::string_view::npos;
}

class Loader {
 public:
  explicit Loader(std::string file_shown) : file_shown_(std::move(file_shown)) {
    for (const Option& option : options()) loaded_.states[option.name] = {option.preset, {}};
  }

  void read_file(const EnvFile& file) {
    for (const EnvFault& fault : file.faults) {
      faults_.push_back(about_line(fault));
      lost(fault.name);
    }
    for (const EnvFault& warning : file.warnings) {
      if (find_option(warning.name) != nullptr) warn(about_line(warning));
    }
    // The last of several wins, wherever it stands; an empty one means unset.
    std::unordered_map<std::string_view, const EnvEntry*> last;
    for (const EnvEntry& entry : file.entries) {
      const EnvEntry*& known = last[entry.name];
      if (known != nullptr && find_option(entry.name) != nullptr) {
        warn(fmt::format("{} stands twice in {}, in lines {} and {}: the last one counts", entry.name, file_shown_,
                         known->line, entry.line));
      }
      known = &entry;
    }
    for (const EnvEntry& entry : file.entries) {
      if (last[entry.name] == &entry) take(entry.name, entry.value, {Origin::Source::file, entry.line});
    }
  }

  void read_environment(const std::vector<std::string>& environment) {
    std::set<std::string_view> seen;
    for (const std::string& entry : environment) {
      const std::string_view text = entry;
      const std::size_t equals = text.find('=');
      if (equals == std::string_view::npos || !seen.insert(text.substr(0, equals)).second) continue;
      take(text.substr(0, equals), text.substr(equals + 1), {Origin::Source::environment, 0});
    }
  }

  base::Result<Loaded> finish() {
    for (const Option& option : options()) check(option);
    if (any_may_be_lost_) add_unset_ones();
    Findings findings = resolve(loaded_, std::move(unread_));
    std::ranges::move(findings.faults, std::back_inserter(faults_));
    for (std::string& warning : findings.warnings) warn(std::move(warning));
    loaded_.notes = std::move(findings.notes);
    if (!faults_.empty()) return base::fail(base::ErrorKind::invalid, fault_list(), "");
    return std::move(loaded_);
  }

  // Of the file as a whole.
  void add_fault(std::string text) {
    faults_.push_back(std::move(text));
    any_may_be_lost_ = true;
  }

 private:
  struct Given {
    std::string_view text;
    Origin origin;
  };

  std::string place(const Origin& origin) const {
    return origin.source == Origin::Source::file ? fmt::format("{} line {}", file_shown_, origin.line)
                                                 : to_string(origin);
  }

  // A name is shown only where it is, or may be meant for, one of ours: any other may be a pasted secret.
  std::string about_line(const EnvFault& fault) const {
    const bool ours = find_option(fault.name) != nullptr || has_our_prefix(fault.name);
    const std::string where = fmt::format("{} line {}", file_shown_, fault.line);
    return ours ? fmt::format("{} ({}) {}", fault.name, where, fault.text) : fmt::format("{} {}", where, fault.text);
  }

  void warn(std::string text) {
    if (loaded_.warnings.size() < kWarningsMax) loaded_.warnings.push_back(std::move(text));
  }

  // A line that was to set an option, and does not. Of one without a name it could be any.
  void lost(std::string_view name) {
    if (const Option* option = find_option(name)) unread_.insert(option->name);
    any_may_be_lost_ = any_may_be_lost_ || name.empty();
  }

  void add_unset_ones() {
    for (const Option& option : options()) {
      if (!given_.contains(option.name)) unread_.insert(option.name);
    }
  }

  // The environment is read after the file, so it wins.
  void take(std::string_view name, std::string_view text, Origin origin) {
    const Option* option = find_option(name);
    if (name.starts_with("AWS_") && !trimmed(text).empty()) {
      loaded_.settings.aws_variables.insert_or_assign(std::string(name), std::string(trimmed(text)));
    }
    if (option == nullptr) return judge_unknown(name, origin);
    if (!trimmed(text).empty()) given_[option->name] = {text, origin};
  }

  void judge_unknown(std::string_view name, const Origin& origin) {
    const bool in_file = origin.source == Origin::Source::file;
    if (is_somebody_elses(name) || (!in_file && !has_our_prefix(name))) return;
    const auto nearest = nearest_name(name);
    if (nearest && in_file) {
      faults_.push_back(fmt::format("{} ({}) is no option of ours: did you mean {}?", name, place(origin), *nearest));
      lost(*nearest);
    } else if (nearest) {
      warn(fmt::format("{} ({}) is no option of ours and is ignored: did you mean {}?", name, place(origin), *nearest));
    } else if (has_our_prefix(name)) {
      warn(fmt::format("{} ({}) is no option of ours and is ignored: `twinshift config` lists them", name,
                       place(origin)));
    }
  }

  void check(const Option& option) {
    OptionState& state = loaded_.states[option.name];
    const auto given = given_.find(option.name);
    if (given != given_.end()) {
      auto value = parse_value(option, given->second.text);
      if (value) {
        state = {std::move(*value), given->second.origin};
      } else {
        faults_.push_back(fmt::format("{} ({}) {}", option.name, place(given->second.origin), value.error()));
        lost(option.name);
      }
    }
    option.assign(loaded_.settings, state.value);
  }

  std::string fault_list() const {
    std::string text = fmt::format("the configuration has {} fault{}; nothing was started", faults_.size(),
                                   faults_.size() == 1 ? "" : "s");
    for (std::size_t i = 0; i < std::min(faults_.size(), kFaultsShownMax); ++i) text += "\n  - " + faults_[i];
    if (faults_.size() > kFaultsShownMax) text += fmt::format("\n  - and {} more", faults_.size() - kFaultsShownMax);
    return text;
  }

  std::string file_shown_;
  std::unordered_map<std::string_view, Given> given_;  // texts live in the caller's file and environment
  Loaded loaded_;
  std::vector<std::string> faults_;
  OptionNames unread_;
  bool any_may_be_lost_ = false;
};

}  // namespace

std::string to_string(const Origin& origin) {
  switch (origin.source) {
    case Origin::Source::environment:
      return "environment";
    case Origin::Source::file:
      return fmt::format(".env line {}", origin.line);
    case Origin::Source::preset:
      break;
  }
  return "default";
}

base::Result<Loaded> load(const std::vector<std::string>& environment, const std::optional<std::string>& env_file) {
  Loader loader(env_file.value_or(""));
  EnvFile file;
  if (env_file) {
    auto text = read_env_file(*env_file);
    if (text) {
      file = parse_env(*text);
    } else {
      loader.add_fault(text.error().text());
    }
  }
  loader.read_file(file);
  loader.read_environment(environment);
  return loader.finish();
}

base::Result<Loaded> load_from_process(const std::optional<std::string>& env_file) {
  std::vector<std::string> environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) environment.emplace_back(*entry);
  return load(environment, env_file);
}

}  // namespace twinshift::config
