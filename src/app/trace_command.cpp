// `twinshift trace`: what became of an event?
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/parity_file.hpp"
#include "app/range_option.hpp"
#include "app/trace_search.hpp"
#include "app/trace_text.hpp"
#include "base/clock.hpp"

namespace twinshift::app {
namespace {

int fail_with(const base::Error& error) {
  std::fprintf(stderr, "twinshift: %s\n", error.text().c_str());
  return kTraceUndecided;
}

base::Error no_time(const char* option) {
  return {base::ErrorKind::invalid, "this is no time", option, "Write 2026-11-26 or 2026-11-26T19:00 (UTC)"};
}

// An end that is left out is open: a device whose clock is wrong tells of the future, too.
base::Result<std::optional<proof::Span>> read_span(const TraceCommandOptions& options) {
  if (options.from.empty() && options.to.empty()) return std::optional<proof::Span>();
  proof::Span span = proof::kAllTimes;
  if (!options.from.empty()) {
    const auto from = parse_moment(options.from);
    if (!from) return base::fail(no_time("--from"));
    span.from = *from;
  }
  if (!options.to.empty()) {
    const auto to = parse_moment(options.to);
    if (!to) return base::fail(no_time("--to"));
    span.to = *to;
  }
  if (span.from >= span.to) {
    return base::fail(base::ErrorKind::invalid, "the range ends before it begins", "--from, --to",
                      "--from belongs to the range, --to is the first moment behind it");
  }
  return std::optional(span);
}

int exit_code_of(const TraceReport& report) {
  if (report.found()) return kTraceFound;
  return report.not_asked.empty() ? kTraceFoundNowhere : kTraceUndecided;
}

}  // namespace

int run_trace(const config::Settings& settings, const TraceCommandOptions& options) {
  const base::WallTime now = base::system_clock().now();
  const auto span = read_span(options);
  if (!span) return fail_with(span.error());
  auto report = trace(settings, {options.id, *span, options.ask_tables}, now);
  if (!report) return fail_with(report.error());
  if (const auto kept = kept_parity(settings.data_dir, pair_of(settings), now)) report->proved_up_to = kept->up_to;
  std::error_code ignored;
  if (!report->found() && !std::filesystem::is_directory(settings.data_dir, ignored)) {
    report->remarks.push_back("there is no data folder here (" + settings.data_dir.string() +
                              "): run it in the folder whose .env the service reads (TWINSHIFT_DATA_DIR)");
  }
  const std::string text = options.json ? trace_as_json(*report) + '\n' : trace_as_text(*report);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return exit_code_of(*report);
}

}  // namespace twinshift::app
