// `twinshift rebuild`: fills an empty or damaged target from the other one.
#include <cstdio>
#include <memory>
#include <utility>

#include "app/commands.hpp"
#include "app/comparison.hpp"
#include "app/driver_table.hpp"
#include "app/exit_code.hpp"
#include "app/mending.hpp"
#include "app/repair_session.hpp"

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

// What only the target holds: nothing where it holds nothing.
base::Status copy_away(RepairSession& session, Comparison& comparison, std::size_t side, proof::VerifyOptions bulk) {
  auto any = comparison.holds_anything(side);
  if (!any) return base::fail(std::move(any.error()));
  if (!*any) return {};
  bulk.held_by = side;
  const auto only_here = [&](const proof::Finding& finding) {
    return finding.kind == proof::FindingKind::missing && finding.target != kComparedTargets[side];
  };
  auto done = session.put_right(bulk, only_here, "copying away: ");
  return done ? base::Status() : base::fail(std::move(done.error()));
}

// In three steps, each of which begins where the last run has ended, for windows that are equal are not looked into:
// what only the target holds is copied away; all that it lacks is copied; whatever else differs is put right.
base::Result<proof::VerifyReport> rebuild(RepairSession& session, Comparison& comparison, const std::string& target,
                                          const proof::VerifyOptions& options) {
  proof::VerifyOptions bulk = options;
  bulk.once = true;
  if (auto done = copy_away(session, comparison, target == kComparedTargets[0] ? 0 : 1, bulk); !done) {
    return base::fail(std::move(done.error()));
  }
  const auto lacking = [](const proof::Finding& finding) { return finding.kind == proof::FindingKind::missing; };
  if (auto done = session.put_right(bulk, lacking, "copying: "); !done) return done;
  // Over everything: where it finds nothing the two are equal.
  session.begin_anew();
  return session.put_right(options, everything, "comparing: ");
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
  auto report = rebuild(session, *comparison, options.target, verify);
  if (!report) return session.give_up(report.error());
  if (auto looked = session.look_again(verify, everything); !looked) return session.give_up(looked.error());
  return session.finish(*report, verify.window);
}

}  // namespace twinshift::app
