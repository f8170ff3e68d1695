#include "tests/simulation/commands.hpp"

#include <array>
#include <utility>

#include "app/eraser.hpp"
#include "app/rebuild_steps.hpp"
#include "tests/simulation/sim_door.hpp"
#include "tests/simulation/sim_mender.hpp"
#include "tests/simulation/sim_side.hpp"

namespace twinshift::simulation {
namespace {

using proof::Finding;
using proof::FindingKind;

const proof::Pair<std::string> kTargets{target_name(0), target_name(1)};

}  // namespace

// What a command has open: both tables, who knows the debts, and where something is put right who does it.
class Commands::Session {
 public:
  Session(Commands& commands, Instance& instance, Task& task)
      : commands_(commands),
        around_(commands.around_),
        begin_(commands.verdicts_.begin()),
        line_(commands.outside_, instance, task),
        clock_(line_),
        sides_{side(0), side(1)},
        debts_(debts_of(line_, clock_)),
        mender_(line_, clock_, [this](std::uint32_t target, const warehouse::Batch& batch) {
          commands_.verdicts_.copies(target, batch, begin_);
        }) {}

  const Line& line() const { return line_; }

  base::Result<proof::VerifyReport> compare(const proof::VerifyOptions& options,
                                            const std::function<void(const Finding&)>& found,
                                            const std::function<bool()>& stop) {
    proof::Verifier verifier(options, {.sides = {&sides_[0], &sides_[1]},
                                       .debts = debts_.get(),
                                       .clock = &clock_,
                                       .wait =
                                           [this](std::chrono::nanoseconds left) {
                                             line_.task.wait(std::chrono::ceil<std::chrono::microseconds>(left));
                                           },
                                       .found =
                                           [&](const Finding& finding) {
                                             // What is told at the first look is no verdict (VerifyOptions::once).
                                             if (!options.once || around_.broken(Planted::verify_single_look))
                                               judge(finding);
                                             found(finding);
                                           },
                                       .told = {},
                                       .stop = [&] { return line_.task.ended() || (stop && stop()); }});
    auto report = verifier.run();
    if (report) {
      around_.tally.met(Met::owed_at_second_look, report->owed_ids);
      around_.tally.met(Met::settled_at_second_look, report->settled);
    }
    return report;
  }

  base::Result<proof::VerifyReport> put_right(proof::Repairer& repairer, const proof::VerifyOptions& options,
                                              const app::RebuildSteps::Wanted& wanted) {
    base::Status mended;
    const auto take = [&](const Finding& finding) {
      if (!wanted(finding) || !mended) return;
      Finding taken = finding;
      const bool owed = finding.kind == FindingKind::quarantined || finding.kind == FindingKind::undecided;
      if (owed && around_.broken(Planted::repair_copies_owed)) taken.kind = FindingKind::missing;
      mended = repairer.take(taken);
    };
    auto report = compare(options, take, [&] { return !mended.has_value(); });
    if (mended && report) mended = repairer.finish();
    if (!mended) return base::fail(std::move(mended.error()));
    return report;
  }

  base::Result<bool> holds_anything(std::size_t side) {
    auto extent = sides_[side].extent(proof::kAllTimes);
    if (!extent) return base::fail(std::move(extent.error()));
    return extent->has_value();
  }

  // Ids that a target refuses go into `refused`.
  proof::Repairer::Parts repairer(std::set<std::string>* refused = nullptr) {
    const auto note = [this, refused](const std::string& target, const proof::LeftEvent& left) {
      around_.tally.met(Met::left_unmended);
      around_.trace.note("left: event {} of the {}: {}", around_.catalogue.find(left.id).value_or(-1), target,
                         proof::to_string(left.why));
      if (refused != nullptr && left.why == proof::LeftWhy::refused) refused->insert(left.id);
    };
    return {.mender = &mender_, .targets = kTargets, .left = note, .launch = std::launch::deferred};
  }

 private:
  SimSide side(std::uint32_t target) {
    return {around_, line_.task, *commands_.outside_.warehouses[target], kTargets[target], around_.chance(0.7)};
  }
  void judge(const Finding& finding) {
    commands_.count(finding);
    // A process that has died names nothing.
    if (!line_.task.ended() && line_.has_power()) commands_.verdicts_.named(finding, begin_.at);
  }

  Commands& commands_;
  Surroundings& around_;
  const Verdicts::Begin begin_;
  const Line line_;
  const InstanceClock clock_;
  std::array<SimSide, 2> sides_;
  const std::unique_ptr<proof::Debts> debts_;
  SimMender mender_;
};

void Commands::count(const Finding& finding) {
  switch (finding.kind) {
    case FindingKind::missing:
      return around_.tally.met(Met::named_missing);
    case FindingKind::doubled:
      return around_.tally.met(Met::named_doubled);
    case FindingKind::changed:
      return around_.tally.met(Met::named_changed);
    case FindingKind::quarantined:
      return around_.tally.met(Met::named_quarantined);
    case FindingKind::undecided:
      return around_.tally.met(Met::could_not_tell);
    case FindingKind::erased:
    case FindingKind::foreign:
      return;
  }
}

Commands::Compared Commands::verify(Task& task, Instance& instance, bool deep) {
  around_.trace.note("verify at instance {}{}", instance.index(), deep ? ", deep" : "");
  Session session(*this, instance, task);
  Compared compared;
  const proof::VerifyOptions options{.deep = deep, .once = around_.broken(Planted::verify_single_look)};
  const auto report =
      session.compare(options, [&](const Finding& finding) { compared.findings.push_back(finding); }, {});
  compared.ended = report.has_value();
  around_.tally.met(report ? Met::verified : Met::verify_failed);
  around_.trace.note("verify at instance {} {}: {} named", instance.index(), report ? "ends" : "could not tell",
                     compared.findings.size());
  return compared;
}

Commands::Repaired Commands::repair(Task& task, Instance& instance, bool deep) {
  around_.trace.note("repair at instance {}{}", instance.index(), deep ? ", deep" : "");
  Session session(*this, instance, task);
  Repaired repaired;
  proof::Repairer repairer(session.repairer(&repaired.refused));
  const auto report = session.put_right(repairer, {.deep = deep}, [&](const Finding& finding) {
    if (finding.kind == FindingKind::undecided) repaired.undecided.insert(finding.id);
    return true;
  });
  repaired.ended = report.has_value();
  for (std::size_t side = 0; side < kTargets.size(); ++side) {
    const proof::Receipt& receipt = repairer.receipt(side);
    repaired.changed = repaired.changed || receipt.changed();
    around_.tally.met(Met::mended_by_copy, receipt.copied);
    around_.tally.met(Met::mended_by_replacement, receipt.replaced);
    around_.tally.met(Met::surplus_removed, receipt.surplus);
  }
  around_.tally.met(report ? Met::repaired : Met::repair_cut_short);
  around_.trace.note("repair at instance {} {}", instance.index(), report ? "ends" : report.error().text());
  return repaired;
}

Commands::Repaired Commands::rebuild(Task& task, Instance& instance, std::uint32_t target) {
  around_.trace.note("rebuild of target {} at instance {}", target, instance.index());
  Session session(*this, instance, task);
  Repaired rebuilt;
  proof::Repairer repairer(session.repairer(&rebuilt.refused));
  const bool skips = around_.broken(Planted::rebuild_skips_copy_back);
  const app::RebuildSteps steps{
      .holds_anything =
          [&](std::size_t side) { return skips ? base::Result<bool>(false) : session.holds_anything(side); },
      .put_right =
          [&](const proof::VerifyOptions& options, const app::RebuildSteps::Wanted& wanted, const char*) {
            return session.put_right(repairer, options, [&](const Finding& finding) {
              if (finding.kind == FindingKind::undecided) rebuilt.undecided.insert(finding.id);
              return wanted(finding) && (!skips || finding.target == kTargets[target]);
            });
          },
      .begin_anew = [&] { repairer.forget_touched(); }};
  const auto report = app::rebuild(steps, kTargets, target, {});
  around_.tally.met(report ? Met::rebuilt : Met::rebuild_cut_short);
  around_.trace.note("rebuild at instance {} {}", instance.index(), report ? "ends" : report.error().text());
  rebuilt.ended = report.has_value();
  return rebuilt;
}

bool Commands::erase(Task& task, Instance& instance, std::int64_t person) {
  around_.trace.note("erasure of person {} at instance {}", person, instance.index());
  erased_persons_.insert(person);
  const std::vector<std::int64_t> found = verdicts_.found_now(instance, person);
  const Line line(outside_, instance, task);
  const InstanceClock clock(line);
  SimDoor door(line, clock);
  app::Eraser::Parts parts{.door = &door, .targets = {}};
  for (std::uint32_t target = 0; target < kTargets.size(); ++target) {
    parts.targets[kTargets[target]] = reader_of(line, target);
  }
  app::Eraser eraser(std::move(parts), {.field = "customer_user_id", .value = person_name(person)});
  bool done = false;
  if (auto look = eraser.look()) {
    const bool all_told = look->waiting.all_told;
    const app::ErasureReport report = eraser.erase(std::move(*look));
    done = all_told && report.troubles.empty() && !report.goes_on && line.alive();
  }
  if (done) verdicts_.erased(found);
  around_.tally.met(done ? Met::erased : Met::erase_cut_short);
  around_.trace.note("erasure at instance {} {}", instance.index(), done ? "ends" : "has to be run again");
  return done;
}

}  // namespace twinshift::simulation
