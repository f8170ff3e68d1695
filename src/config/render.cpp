#include "config/render.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "config/env_file.hpp"
#include "config/masking.hpp"
#include "config/value.hpp"

namespace twinshift::config {
namespace {

constexpr std::string_view kIntroduction = R"(# Configuration

<!-- Written by `twinshift config --markdown` from src/config/options.def; a test holds the two in step. -->

Twinshift reads its configuration at start: from the environment, and from the file `.env` in the working folder. SIGHUP
has it read again ([what is taken then](operations.md#reload)).
The environment wins; an empty value means unset. `twinshift config` shows what is in effect, where each value comes from,
and what runs where; secrets are masked.

- A wrong value stops the start, and so does a name in `.env` that is within two letters of one below (one letter for names
  of five letters or fewer). One message lists all faults; it never holds a value.
- Other unknown names with our prefixes (`TWINSHIFT_`, `SECONDARY_`, `REDSHIFT_`, ...) are warned about; all else in `.env`
  is left alone.
- `.env` holds `NAME=value` lines; `export` before a name, comments, blank lines, CRLF and a byte order mark are taken. In
  `"double quotes"` `\n`, `\r` and `\"` are undone, in `'single quotes'` and backticks nothing is. In a plain value a comment
  begins at white space and `#`. Nothing is expanded. Of several lines with one name the last counts.
- Durations: a plain number in the option's own unit, or with a suffix: `1500ms`, `2s`, `1m`, `1h`. Sizes: bytes, or `64KB`,
  `512MB`, `1GB` (thousands), `16KiB`, `1MiB`, `1GiB`. Booleans: `true`, `1`, `yes`, `on`, `false`, `0`, `no`, `off`.

## Which queue and which warehouses

| configured | what runs |
|---|---|
| nothing | queue, primary and (with `SECONDARY_REDSHIFT_ENABLED=true`) secondary are SQLite files in the data folder: `queue.db`, `primary.db`, `secondary.db` |
| `PRIMARY_WAREHOUSE_URL`, `SECONDARY_WAREHOUSE_URL` | as the scheme says: `sqlite:PATH`, `postgresql://...`, `redshift://...` (over the wire), `redshift-data://...` (the Data API). Wins over the next two rows |
| `REDSHIFT_CLUSTER_IDENTIFIER` or `REDSHIFT_WORKGROUP_NAME` | the primary by the Redshift Data API; over the wire where `REDSHIFT_ENDPOINT` is a cluster's own host |
| the same with `SECONDARY_` | the secondary by the Redshift Data API; over the wire, with a temporary password from AWS, where `SECONDARY_REDSHIFT_ENDPOINT` is a cluster's own host or a Redshift-managed VPC endpoint, as in the guide |
| only a primary | no secondary; the log says so |
| only a secondary | refused |
| `SQS_QUEUE_URL` | the queue is SQS |
)";

std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string status_mark(Status status) {
  switch (status) {
    case Status::shown:
      return " *(no effect)*";
    case Status::now:
      break;
  }
  return "";
}

std::string takes(const Option& option) {
  if (option.kind == Kind::secret) return "a secret text";
  return expectation(option);
}

void add_reference(std::string& page, const Section& section) {
  page += fmt::format("\n## {}\n\n{}\n\n| name | default | takes | what it does |\n|---|---|---|---|\n", section.title,
                      section.about);
  for (const Option& option : options()) {
    if (option.section != section.title) continue;
    const std::string preset = shown_value(option, option.preset);
    page += fmt::format("| `{}` | {} | {} | {}{} |\n", option.name, preset.empty() ? "-" : "`" + preset + "`",
                        cell(takes(option)), cell(option.text), status_mark(option.status));
  }
}

void add_values(std::string& text, const Loaded& loaded, const Section& section, std::size_t width) {
  text += fmt::format("\n# {}\n", section.title);
  for (const Option& option : options()) {
    if (option.section != section.title) continue;
    const auto state = loaded.states.find(option.name);
    if (state == loaded.states.end()) continue;
    const std::string value = shown_value(option, state->second.value);
    text += fmt::format("{:<{}}  {:<24}  {}\n", option.name, width, value.empty() ? "-" : value,
                        to_string(state->second.origin));
  }
}

std::string target_line(const TargetSettings& target) {
  const std::string by = target.configured_by.empty() ? "the embedded default" : target.configured_by;
  return fmt::format("{}: {} {}, table {}, by {}", target.name, target.driver, target.shown, target.table, by);
}

}  // namespace

std::string render_effective(const Loaded& loaded) {
  std::size_t width = 0;
  for (const Option& option : options()) width = std::max(width, option.name.size());
  std::string text = "# name, value, where it comes from; secrets are masked, - is unset\n";
  for (const Section& section : sections()) add_values(text, loaded, section, width);
  const Settings& settings = loaded.settings;
  text += "\n# What runs where\n";
  text +=
      fmt::format("queue: {} {}\n", settings.queue.driver,
                  settings.queue.driver == "sqlite" ? settings.queue.path.string() : masked_url(settings.queue.url));
  text += target_line(settings.primary) + "\n";
  if (settings.secondary) {
    text += target_line(*settings.secondary) + "\n";
  } else if (settings.secondary_off) {
    text += target_line(*settings.secondary_off) + ": switched off (SECONDARY_REDSHIFT_ENABLED)\n";
  } else {
    text += "secondary: none\n";
  }
  for (const std::string& note : loaded.notes) text += "note: " + note + "\n";
  return text;
}

std::string render_markdown() {
  std::string page(kIntroduction);
  for (const Section& section : sections()) add_reference(page, section);
  return page;
}

}  // namespace twinshift::config
