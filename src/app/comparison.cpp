#include "app/comparison.hpp"

#include <algorithm>
#include <cstdio>
#include <thread>
#include <unistd.h>
#include <utility>

#include "app/debts_reader.hpp"
#include "app/driver_table.hpp"
#include "app/range_option.hpp"

namespace twinshift::app {
namespace {

constexpr auto kProgressEvery = std::chrono::milliseconds(500);

}  // namespace

base::Result<OpenedSides> open_sides(const config::Settings& settings) {
  OpenedSides sides;
  for (std::size_t i = 0; i < kComparedTargets.size(); ++i) {
    auto opened = open_for_reading(settings, kComparedTargets[i]);
    if (!opened) return base::fail(std::move(opened.error()));
    sides[i] = proof::make_side(kComparedTargets[i], std::move(*opened));
  }
  return sides;
}

base::Result<Comparison> Comparison::open(const config::Settings& settings) {
  if (!has_secondary(settings)) {
    return base::fail(base::ErrorKind::invalid, "there is nothing to compare with", "two targets",
                      "No secondary is configured (SECONDARY_REDSHIFT_ENABLED, SECONDARY_WAREHOUSE_URL)");
  }
  auto sides = open_sides(settings);
  if (!sides) return base::fail(std::move(sides.error()));
  Comparison comparison;
  comparison.sides_ = std::move(*sides);
  auto debts = open_debts(settings);
  if (!debts) return base::fail(std::move(debts.error()));
  comparison.debts_ = std::move(*debts);
  return comparison;
}

base::Result<proof::VerifyReport> Comparison::run(const proof::VerifyOptions& options, const Hooks& hooks) {
  proof::Verifier verifier(options, {.sides = {sides_[0].get(), sides_[1].get()},
                                     .debts = debts_.get(),
                                     .clock = &base::system_clock(),
                                     .wait = [](std::chrono::nanoseconds left) { std::this_thread::sleep_for(left); },
                                     .found = hooks.found,
                                     .told = hooks.told,
                                     .stop = hooks.stop});
  return verifier.run();
}

void Comparison::close() {
  for (auto& side : sides_) side.reset();
  debts_.reset();
}

base::Result<bool> Comparison::holds_anything(std::size_t side) {
  auto extent = sides_[side]->extent(proof::kAllTimes);
  if (!extent) return base::fail(std::move(extent.error()));
  return extent->has_value();
}

base::Result<std::optional<proof::Span>> Comparison::extent_of_arrivals(const proof::Span& received) {
  const proof::Sides sides{sides_[0].get(), sides_[1].get()};
  auto both = ask_both(sides, [&](proof::Side& side, std::size_t) { return side.extent_of_arrivals(received); });
  if (!both) return base::fail(std::move(both.error()));
  std::optional<proof::Span> whole;
  for (const auto& each : *both) {
    if (!each) continue;
    whole = whole ? proof::Span{std::min(whole->from, each->from), std::max(whole->to, each->to)} : *each;
  }
  return whole;
}

base::Status read_range(const std::string& from, const std::string& to, const std::string& window,
                        proof::VerifyOptions& into) {
  auto first = read_moment(from, "--from");
  if (!first) return base::fail(std::move(first.error()));
  auto last = read_moment(to, "--to");
  if (!last) return base::fail(std::move(last.error()));
  const auto length = parse_window(window);
  if (!length) {
    return base::fail(base::ErrorKind::invalid, "this is no length of a window", "--window",
                      "Write 1h, 30m or 7d: whole minutes, at most 31 days");
  }
  into.from = *first;
  into.to = *last;
  into.window = *length;
  return check_range(into.from, into.to, "--from, --to");
}

base::Result<std::optional<base::WallTime>> read_moment(const std::string& text, const char* name) {
  if (text.empty()) return std::optional<base::WallTime>();
  const auto moment = parse_moment(text);
  if (moment) return moment;
  return base::fail(base::ErrorKind::invalid, "this is no time", name, "Write 2026-11-26 or 2026-11-26T19:00 (UTC)");
}

base::Status check_range(const std::optional<base::WallTime>& from, const std::optional<base::WallTime>& to,
                         const char* names) {
  if (!from || !to || *from < *to) return {};
  if (*from == *to) {
    return base::fail(base::ErrorKind::invalid, "the range is empty: it ends where it begins", names,
                      "The first moment belongs to the range, the second does not: for a day write the next one");
  }
  return base::fail(base::ErrorKind::invalid, "the range ends before it begins", names,
                    "The first moment belongs to the range, the second is the first one behind it");
}

bool ProgressLine::is_terminal() {
  return ::isatty(STDERR_FILENO) != 0;
}

void ProgressLine::show(const proof::VerifyProgress& progress) {
  const auto now = std::chrono::steady_clock::now();
  if (!on_ || (now - shown_ < kProgressEvery && progress.share < 1)) return;
  shown_ = now;
  if (progress.awaits_others) {
    std::fprintf(stderr, "\r%swaiting until the other instances have told what they owe \033[K", what_.c_str());
    return;
  }
  const double seconds = std::chrono::duration<double>(now - begin_).count();
  const double left = progress.share > 0 ? seconds / progress.share - seconds : 0;
  std::fprintf(stderr, "\r%s%3.0f %% of the range, %llu rows, about %.0f s left \033[K", what_.c_str(),
               100 * progress.share, static_cast<unsigned long long>(progress.rows), left);
}

void ProgressLine::clear() const {
  if (on_ && shown_ != begin_) std::fputs("\r\033[K", stderr);
}

}  // namespace twinshift::app
