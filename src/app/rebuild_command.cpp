// `twinshift rebuild`: fills an empty or damaged target from the other one.
#include <cstdio>
#include <memory>
#include <utility>

#include "app/commands.hpp"
#include "app/comparison.hpp"
#include "app/driver_table.hpp"
#include "app/exit_code.hpp"
#include "app/mending.hpp"
#include "app/rebuild_steps.hpp"
#include "app/repair_session.hpp"
#include "app/unite_lists.hpp"

namespace twinshift::app {
namespace {

int fail_with(const base::Error& error) {
  std::fprintf(stderr, "twinshift: %s\n", error.text().c_str());
  return kRepairUndecided;
}

bool everything(const proof::Finding&) {
  return true;
}

// The tables are made where they are not there yet.
base::Status make_tables(proof::Mender& mender) {
  for (const std::string& target : kComparedTargets) {
    auto report = mender.mend({.target = target});
    if (report.error) return base::fail(std::move(*report.error));
  }
  return {};
}

RebuildSteps steps_of(RepairSession& session, Comparison& comparison) {
  return {.holds_anything = [&](std::size_t side) { return comparison.holds_anything(side); },
          .put_right = [&](const proof::VerifyOptions& options, const RebuildSteps::Wanted& wanted,
                           const char* progress) { return session.put_right(options, wanted, progress); },
          .begin_anew = [&] { session.begin_anew(); }};
}

}  // namespace

int run_rebuild(const config::Settings& settings, const RebuildOptions& options) {
  auto comparison = Comparison::open(settings);
  if (!comparison) return fail_with(comparison.error());
  proof::VerifyOptions verify;
  verify.ids_from_content = identity_mode(settings) == event::IdentityMode::content;
  if (!options.apply) {
    verify.once = true;
    RepairSession session({.comparison = &*comparison, .json = options.json, .lists = false});
    if (auto told = unite_lists(settings, nullptr, session); !told) return session.give_up(told.error());
    auto report = session.put_right(verify, everything, "");
    return report ? session.finish(*report, verify.window) : session.give_up(report.error());
  }
  auto mender = open_mender(settings);
  if (!mender) return fail_with(mender.error());
  if (auto made = make_tables(**mender); !made) return fail_with(made.error());
  RepairSession session({.comparison = &*comparison,
                         .mender = mender->get(),
                         .json = options.json,
                         .lists = false,
                         .ids_max = options.ids_max});
  // Before anything is copied: see erased_union.hpp.
  if (auto united = unite_lists(settings, mender->get(), session); !united) return session.give_up(united.error());
  const std::size_t side = options.target == kComparedTargets[0] ? 0 : 1;
  auto report = rebuild(steps_of(session, *comparison), kComparedTargets, side, verify);
  if (!report) return session.give_up(report.error());
  if (auto looked = session.look_again(verify, everything); !looked) return session.give_up(looked.error());
  return session.finish(*report, verify.window);
}

}  // namespace twinshift::app
