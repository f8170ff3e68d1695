// `twinshift repair`: makes the two warehouses the same again; without --apply it tells what it would do.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

#include "app/commands.hpp"
#include "app/comparison.hpp"
#include "app/driver_table.hpp"
#include "app/exit_code.hpp"
#include "app/heap.hpp"
#include "app/mending.hpp"
#include "app/repair_session.hpp"
#include "app/unite_lists.hpp"

namespace twinshift::app {
namespace {

struct Read {
  proof::VerifyOptions verify{};
  std::optional<base::WallTime> received_from{};
  std::optional<base::WallTime> received_to{};
};

base::Result<Read> read_options(const config::Settings& settings, const RepairOptions& options) {
  Read read;
  if (auto good = read_range(options.from, options.to, options.window, read.verify); !good) {
    return base::fail(std::move(good.error()));
  }
  auto from = read_moment(options.received_from, "--received-from");
  if (!from) return base::fail(std::move(from.error()));
  auto to = read_moment(options.received_to, "--received-to");
  if (!to) return base::fail(std::move(to.error()));
  read.received_from = *from;
  read.received_to = *to;
  if (auto good = check_range(read.received_from, read.received_to, "--received-from, --received-to"); !good) {
    return base::fail(std::move(good.error()));
  }
  read.verify.deep = options.deep;
  read.verify.ids_from_content = identity_mode(settings) == event::IdentityMode::content;
  return read;
}

// By arrival: within which event_at these events lie. Those without a readable one are looked at as where everything is
// compared.
base::Status narrow(Comparison& comparison, Read& read) {
  if (!read.received_from && !read.received_to) return {};
  auto extent = comparison.extent_of_arrivals(
      {read.received_from.value_or(proof::kAllTimes.from), read.received_to.value_or(proof::kAllTimes.to)});
  if (!extent) return base::fail(std::move(extent.error()));
  const proof::Span arrived = extent->value_or(proof::Span{});  // an empty one
  proof::VerifyOptions& verify = read.verify;
  verify.outside_too = !verify.from && !verify.to;
  verify.from = std::max(arrived.from, verify.from.value_or(arrived.from));
  verify.to = std::min(arrived.to, verify.to.value_or(arrived.to));
  return {};
}

bool arrived_within(const Read& read, const proof::Finding& finding) {
  if (read.received_from && finding.received_at < *read.received_from) return false;
  return !read.received_to || finding.received_at < *read.received_to;
}

int fail_with(const base::Error& error) {
  std::fprintf(stderr, "twinshift: %s\n", error.text().c_str());
  return kRepairUndecided;
}

}  // namespace

int run_repair(const config::Settings& settings, const RepairOptions& options) {
  keep_freed_memory();
  auto read = read_options(settings, options);
  if (!read) return fail_with(read.error());
  auto comparison = Comparison::open(settings);
  if (!comparison) return fail_with(comparison.error());
  std::unique_ptr<TargetMender> mender;
  if (options.apply) {
    auto opened = open_mender(settings);
    if (!opened) return fail_with(opened.error());
    mender = std::move(*opened);
  }
  if (auto narrowed = narrow(*comparison, *read); !narrowed) return fail_with(narrowed.error());
  RepairSession session({.comparison = &*comparison,
                         .mender = mender.get(),
                         .settings = &settings,
                         .json = options.json,
                         .ids_max = options.ids_max});
  // Before anything is copied: see erased_union.hpp.
  if (auto united = unite_lists(settings, mender.get(), session); !united) return session.give_up(united.error());
  const auto wanted = [&](const proof::Finding& finding) { return arrived_within(*read, finding); };
  auto report = session.put_right(read->verify, wanted, "");
  if (!report) return session.give_up(report.error());
  if (auto looked = session.look_again(read->verify, wanted); !looked) return session.give_up(looked.error());
  return session.finish(*report, read->verify.window);
}

}  // namespace twinshift::app
