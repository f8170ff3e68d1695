// `twinshift verify`: are the two warehouses the same, and which events differ?
#include <array>
#include <cstdio>
#include <memory>
#include <thread>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "app/commands.hpp"
#include "app/debts_reader.hpp"
#include "app/driver_table.hpp"
#include "app/exit_code.hpp"
#include "app/range_option.hpp"
#include "app/verify_text.hpp"
#include "proof/side.hpp"
#include "proof/verifier.hpp"

namespace twinshift::app {
namespace {

const std::array<std::string, 2> kTargets{"primary", "secondary"};
constexpr auto kProgressEvery = std::chrono::milliseconds(500);

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
      std::printf("],%s}\n", report_as_json(counts_, report, kTargets).c_str());
      return;
    }
    if (findings_ > ids_max_) std::printf("... and %zu more (--ids-max)\n", findings_ - ids_max_);
    std::printf("%s\n%s\n", compared_text(report, window).c_str(), verdict_text(counts_, report).c_str());
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

// One line of a terminal that is written over again.
class ProgressLine {
 public:
  void show(const proof::VerifyProgress& progress) {
    const auto now = std::chrono::steady_clock::now();
    if (!on_ || (now - shown_ < kProgressEvery && progress.share < 1)) return;
    shown_ = now;
    const double seconds = std::chrono::duration<double>(now - begin_).count();
    const double left = progress.share > 0 ? seconds / progress.share - seconds : 0;
    std::fprintf(stderr, "\r%3.0f %% of the range, %llu rows, about %.0f s left \033[K", 100 * progress.share,
                 static_cast<unsigned long long>(progress.rows), left);
  }
  void clear() const {
    if (on_ && shown_ != begin_) std::fputs("\r\033[K", stderr);
  }

 private:
  const bool on_ = ::isatty(STDERR_FILENO) != 0;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point shown_ = begin_;
};

base::Result<std::array<std::unique_ptr<proof::Side>, 2>> open_sides(const config::Settings& settings) {
  std::array<std::unique_ptr<proof::Side>, 2> sides;
  for (std::size_t i = 0; i < sides.size(); ++i) {
    auto opened = open_for_reading(settings, kTargets[i]);
    if (!opened) return base::fail(std::move(opened.error()));
    sides[i] = proof::make_side(kTargets[i], std::move(*opened));
  }
  return sides;
}

base::Result<proof::VerifyOptions> read_options(const VerifyCommandOptions& options) {
  proof::VerifyOptions read;
  const auto moment = [&](const std::string& text, const char* name,
                          std::optional<base::WallTime>& into) -> base::Status {
    if (text.empty()) return {};
    into = parse_moment(text);
    if (into) return {};
    return base::fail(base::ErrorKind::invalid, "this is no time", name, "Write 2026-11-26 or 2026-11-26T19:00 (UTC)");
  };
  if (auto good = moment(options.from, "--from", read.from); !good) return base::fail(std::move(good.error()));
  if (auto good = moment(options.to, "--to", read.to); !good) return base::fail(std::move(good.error()));
  if (read.from && read.to && *read.from >= *read.to) {
    return base::fail(base::ErrorKind::invalid, "the range ends before it begins", "--from, --to",
                      "--from belongs to the range, --to is the first moment behind it");
  }
  const auto window = parse_window(options.window);
  if (!window) {
    return base::fail(base::ErrorKind::invalid, "this is no length of a window", "--window",
                      "Write 1h, 30m or 7d: whole minutes, at most 31 days");
  }
  read.window = *window;
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
  if (!has_secondary(settings)) {
    return fail_with({base::ErrorKind::invalid, "there is nothing to compare with", "verify",
                      "No secondary is configured (SECONDARY_REDSHIFT_ENABLED, SECONDARY_WAREHOUSE_URL)"});
  }
  auto sides = open_sides(settings);
  if (!sides) return fail_with(sides.error());
  auto debts = open_debts(settings);
  if (!debts) return fail_with(debts.error());
  proof::VerifyOptions how = *read;
  how.ids_from_content = identity_mode(settings) == event::IdentityMode::content;
  Printer printer(options.json, options.ids_max);
  ProgressLine progress;
  proof::Verifier verifier(how, {.sides = {(*sides)[0].get(), (*sides)[1].get()},
                                 .debts = debts->get(),
                                 .clock = &base::system_clock(),
                                 .wait = [](std::chrono::nanoseconds left) { std::this_thread::sleep_for(left); },
                                 .found =
                                     [&](const proof::Finding& finding) {
                                       progress.clear();
                                       printer.print(finding);
                                     },
                                 .told = [&](const proof::VerifyProgress& now) { progress.show(now); },
                                 .stop = {}});
  auto report = verifier.run();
  progress.clear();
  if (!report) {
    printer.give_up(report.error());
    return kVerifyUndecided;
  }
  printer.finish(*report, read->window);
  return exit_code_of(printer.verdict());
}

}  // namespace twinshift::app
