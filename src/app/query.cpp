// `twinshift query`: one read-only statement in one warehouse, or in both and compared.
#include <cstdio>
#include <memory>
#include <sys/ioctl.h>
#include <unistd.h>
#include <vector>

#include "app/commands.hpp"
#include "app/driver_table.hpp"
#include "app/exit_code.hpp"
#include "app/table_compare.hpp"

namespace twinshift::app {
namespace {

constexpr std::size_t kWidthWithoutTerminal = 120;

struct Answer {
  std::string target;
  warehouse::Table table;
};

std::size_t terminal_width() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return kWidthWithoutTerminal;
}

base::Result<Answer> ask(const config::Settings& settings, const std::string& name, const QueryOptions& options) {
  auto opened = open_for_reading(settings, name);
  if (!opened) return base::fail(std::move(opened.error()));
  auto table = (*opened)->query(options.sql, options.rows_max);
  if (!table) return base::fail(std::move(table.error()));
  return Answer{name, std::move(*table)};
}

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

int show_one(const Answer& answer, TableFormat format) {
  switch (format) {
    case TableFormat::table:
      print(table_as_text(answer.table, terminal_width()));
      break;
    case TableFormat::json:
      print(table_as_json(answer.table) + "\n");
      break;
    case TableFormat::csv:
      print(table_as_csv(answer.table));
      break;
  }
  return kExitOk;
}

std::string verdict(const Comparison& comparison) {
  std::string text = comparison.same ? "same: both targets give the same rows" : "different: " + comparison.difference;
  if (!comparison.same_order) text += " (in another order; add ORDER BY to compare it too)";
  if (!comparison.columns_left_out.empty()) {
    text += "; left out as they may differ between copies:";
    for (const std::string& column : comparison.columns_left_out) text += ' ' + column;
  }
  return text;
}

int show_both(const Answer& primary, const Answer& secondary, TableFormat format) {
  const Comparison comparison = compare(primary.table, secondary.table);
  switch (format) {
    case TableFormat::table:
      print(side_by_side(primary.table, secondary.table));
      print(verdict(comparison) + '\n');
      break;
    case TableFormat::json:
      print("{\"primary\":" + table_as_json(primary.table) + ",\"secondary\":" + table_as_json(secondary.table) +
            ",\"same\":" + (comparison.same ? "true" : "false") + "}\n");
      break;
    case TableFormat::csv:
      print(table_as_csv(primary.table, "target", "primary"));
      print(table_as_csv(secondary.table, "target", "secondary", false));
      break;
  }
  if (!comparison.same) std::fprintf(stderr, "twinshift: the targets differ: %s\n", comparison.difference.c_str());
  return comparison.same ? kExitOk : kExitDifferent;
}

std::vector<std::string> wanted_targets(const config::Settings& settings, const std::string& target) {
  if (target != "both") return {target};
  if (has_secondary(settings)) return {"primary", "secondary"};
  std::fprintf(stderr,
               "twinshift: no secondary is configured (SECONDARY_REDSHIFT_ENABLED): asking the primary alone\n");
  return {"primary"};
}

}  // namespace

int query(const config::Settings& settings, const QueryOptions& options) {
  std::vector<Answer> answers;
  for (const std::string& name : wanted_targets(settings, options.target)) {
    auto answer = ask(settings, name, options);
    if (!answer) {
      std::fprintf(stderr, "twinshift: %s: %s\n", name.c_str(), answer.error().text().c_str());
      return kExitFailed;
    }
    answers.push_back(std::move(*answer));
  }
  return answers.size() == 1 ? show_one(answers[0], options.format) : show_both(answers[0], answers[1], options.format);
}

}  // namespace twinshift::app
