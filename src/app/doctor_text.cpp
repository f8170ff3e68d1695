#include "app/doctor_text.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "app/terminal_text.hpp"
#include "base/json_text.hpp"

namespace twinshift::app {
namespace {

constexpr std::size_t kStateWidth = 7;
constexpr std::size_t kAboutWidth = 10;
constexpr std::size_t kIdWidth = 15;

std::string_view colour_of(CheckState state) {
  switch (state) {
    case CheckState::ok:
      return "\x1b[32m";
    case CheckState::warn:
      return "\x1b[33m";
    case CheckState::fail:
      return "\x1b[31m";
    case CheckState::skipped:
      break;
  }
  return "\x1b[2m";
}

// Texts of others (servers, AWS) may hold anything.
std::string line_of(const Check& check, bool colours) {
  std::string line;
  if (colours) line += colour_of(check.found.state);
  append_padded(line, to_string(check.found.state), kStateWidth);
  if (colours) line += "\x1b[0m";
  line += ' ';
  append_padded(line, check.about, kAboutWidth);
  line += ' ';
  append_padded(line, check.id, kIdWidth);
  return line + ' ' + printable(check.found.what) + '\n';
}

std::size_t count(std::span<const Check> checks, CheckState state) {
  return static_cast<std::size_t>(
      std::ranges::count_if(checks, [&](const Check& each) { return each.found.state == state; }));
}

std::string summary_of(std::span<const Check> checks) {
  return fmt::format("{}: {} ok, {} warn, {} fail, {} skipped\n", to_string(verdict_of(checks)),
                     count(checks, CheckState::ok), count(checks, CheckState::warn), count(checks, CheckState::fail),
                     count(checks, CheckState::skipped));
}

std::string check_as_json(const Check& check) {
  const Finding& found = check.found;
  base::JsonObject object;
  object.add("id", check.id).add("about", check.about).add("state", to_string(found.state)).add("what", found.what);
  if (!found.means.empty()) object.add("means", found.means);
  if (!found.cure.empty()) object.add("mend", found.cure);
  if (!found.issue.empty()) object.add("issue", found.issue);
  if (check.took) object.add("tookMs", static_cast<std::int64_t>(check.took->count()));
  return object.text();
}

}  // namespace

std::string checks_as_text(std::span<const Check> checks, bool colours) {
  std::string text;
  for (const Check& check : checks) {
    const Finding& found = check.found;
    text += line_of(check, colours);
    if (!found.means.empty()) text += "        -> " + printable(found.means) + '\n';
    if (!found.cure.empty()) text += "        -> mend: " + printable(found.cure) + '\n';
    if (!found.issue.empty()) text += "        -> the set-up guide's " + found.issue + '\n';
  }
  for (const std::string_view issue : issues_of(checks)) {
    if (issue == kIssueSecondary) {
      text += fmt::format(
          "The set-up guide's {}: by design the primary goes on, and what the secondary lacks is owed to it.\n", issue);
    }
  }
  return text + summary_of(checks);
}

std::string checks_as_json(std::span<const Check> checks) {
  std::string list;
  for (const Check& check : checks) list += (list.empty() ? "" : ",\n ") + check_as_json(check);
  std::string issues;
  for (const std::string_view issue : issues_of(checks))
    issues += (issues.empty() ? "" : ",") + base::json_string(issue);
  base::JsonObject out;
  out.add_raw("checks", '[' + list + ']').add_raw("issues", '[' + issues + ']');
  return out.add("verdict", to_string(verdict_of(checks))).text() + '\n';
}

std::string kinds_as_text() {
  std::string text;
  for (const CheckKind& kind : check_kinds()) {
    append_padded(text, kind.id, kIdWidth);
    text += fmt::format(" {}\n", kind.tests);
  }
  return text;
}

}  // namespace twinshift::app
