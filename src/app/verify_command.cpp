// `twinshift verify`: are the two warehouses the same, and which events differ?
#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "app/answer_written.hpp"
#include "app/commands.hpp"
#include "app/comparison.hpp"
#include "app/driver_table.hpp"
#include "app/exit_code.hpp"
#include "app/verify_text.hpp"
#include "proof/verifier.hpp"

namespace twinshift::app {
namespace {

// Findings go out as they come, so that memory does not grow with them.
class Printer {
 public:
  Printer(bool json, std::size_t ids_max) : json_(json), ids_max_(ids_max) {
    if (json_) std::fputs("{\"findings\":[", stdout);
  }

  void print(const proof::Finding& finding) {
    counts_.add(finding);
    if (++findings_ > ids_max_) return;
    const std::string text = json_ ? finding_as_json(finding) : finding_as_text(finding) + '\n';
    if (json_ && findings_ > 1) std::fputc(',', stdout);
    std::fputs(text.c_str(), stdout);
  }

  void finish(const proof::VerifyReport& report, std::chrono::seconds window) {
    if (json_) {
      std::printf("],%s}\n", report_as_json(counts_, report, kComparedTargets).c_str());
      return;
    }
    if (findings_ > ids_max_) std::printf("... and %zu more (--ids-max)\n", findings_ - ids_max_);
    std::printf("%s\n%s\n%s%s", compared_text(report, window).c_str(), verdict_text(counts_, report).c_str(),
                reasons_text(report).c_str(), advice_text(counts_).c_str());
  }
  // The answer stays JSON, and says that it is not whole.
  void give_up(const base::Error& error) {
    if (json_) std::puts("],\"verdict\":\"undecided\",\"failed\":true}");
    std::fprintf(stderr, "twinshift: verify could not be finished: %s\n", error.text().c_str());
  }
  [[nodiscard]] VerifyVerdict verdict() const { return counts_.verdict(); }

 private:
  const bool json_;
  const std::size_t ids_max_;
  std::size_t findings_ = 0;
  FindingCounts counts_;
};

base::Result<proof::VerifyOptions> read_options(const VerifyCommandOptions& options) {
  proof::VerifyOptions read;
  if (auto good = read_range(options.from, options.to, options.window, read); !good) {
    return base::fail(std::move(good.error()));
  }
  read.question = std::chrono::milliseconds(static_cast<std::int64_t>(options.query_seconds * 1'000));
  read.deep = options.deep;
  return read;
}

int exit_code_of(VerifyVerdict verdict) {
  switch (verdict) {
    case VerifyVerdict::equal:
      return kVerifyEqual;
    case VerifyVerdict::different:
      return kVerifyDifferent;
    case VerifyVerdict::undecided:
      return kVerifyUndecided;
  }
  return kVerifyUndecided;
}

int fail_with(const base::Error& error) {
  std::fprintf(stderr, "twinshift: %s\n", error.text().c_str());
  return kVerifyUndecided;
}

}  // namespace

int run_verify(const config::Settings& settings, const VerifyCommandOptions& options) {
  const auto read = read_options(options);
  if (!read) return fail_with(read.error());
  auto comparison = Comparison::open(settings);
  if (!comparison) return fail_with(comparison.error());
  proof::VerifyOptions how = *read;
  how.ids_from_content = identity_mode(settings) == event::IdentityMode::content;
  Printer printer(options.json, options.ids_max);
  ProgressLine progress;
  auto report = comparison->run(how, {.found =
                                          [&](const proof::Finding& finding) {
                                            progress.clear();
                                            printer.print(finding);
                                          },
                                      .told = [&](const proof::VerifyProgress& now) { progress.show(now); },
                                      .stop = {}});
  progress.clear();
  if (!report) {
    printer.give_up(report.error());
    return kVerifyUndecided;
  }
  printer.finish(*report, read->window);
  if (auto written = answer_written(); !written) return fail_with(written.error());
  return exit_code_of(printer.verdict());
}

}  // namespace twinshift::app
