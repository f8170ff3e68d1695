#include "config/changes.hpp"

#include <utility>

#include <fmt/format.h>

#include "config/resolve.hpp"
#include "config/value.hpp"

namespace twinshift::config {
namespace {

bool is_same(const Value& a, const Value& b) {
  return a.text == b.text && a.number == b.number;
}

std::string shown(const std::string& value) {
  return value.empty() ? "unset" : value;
}

}  // namespace

std::string to_string(const Change& change) {
  if (change.kind == Kind::secret || change.kind == Kind::url) return std::string(change.name);
  return fmt::format("{} {} -> {}", change.name, shown(change.from), shown(change.to));
}

std::vector<Change> changes(const Loaded& now, const Loaded& fresh) {
  std::vector<Change> all;
  for (const Option& option : options()) {
    const Value& from = now.states.at(option.name).value;
    const Value& to = fresh.states.at(option.name).value;
    if (is_same(from, to)) continue;
    all.push_back({option.name, option.kind, shown_value(option, from), shown_value(option, to)});
  }
  return all;
}

std::vector<std::string> changed_aws_variables(const Loaded& now, const Loaded& fresh) {
  std::vector<std::string> names;
  const auto& before = now.settings.aws_variables;
  const auto& after = fresh.settings.aws_variables;
  for (const auto& [name, value] : before) {
    const auto found = after.find(name);
    if (find_option(name) == nullptr && (found == after.end() || found->second != value)) names.push_back(name);
  }
  for (const auto& [name, value] : after) {
    if (find_option(name) == nullptr && !before.contains(name)) names.push_back(name);
  }
  return names;
}

base::Result<Loaded> with_options(const Loaded& now, const Loaded& fresh, const std::vector<std::string_view>& names) {
  Loaded mixed = now;
  for (const std::string_view name : names) {
    const Option* option = find_option(name);
    if (option == nullptr) continue;
    mixed.states[option->name] = fresh.states.at(option->name);
    option->assign(mixed.settings, mixed.states[option->name].value);
  }
  // resolve() fills these only where they are there.
  mixed.settings.secondary.reset();
  mixed.settings.secondary_off.reset();
  Findings findings = resolve(mixed);
  mixed.warnings = std::move(findings.warnings);
  mixed.notes = std::move(findings.notes);
  if (findings.faults.empty()) return mixed;
  std::string text = "what can change live does not go together with what needs a restart";
  for (const std::string& fault : findings.faults) text += "\n  - " + fault;
  return base::fail(base::ErrorKind::invalid, std::move(text), "", "Restart to take all of it");
}

}  // namespace twinshift::config
