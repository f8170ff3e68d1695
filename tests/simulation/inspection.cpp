#include "tests/simulation/inspection.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "app/debts_of_others.hpp"

namespace twinshift::simulation {
namespace {

using proof::Finding;
using proof::FindingKind;

// By then every instance has told the others what it owes, and nothing is so young that it may not have.
constexpr std::chrono::seconds kAllToldAfter = app::kSilentAfter + std::chrono::seconds(60);
constexpr std::uint64_t kSpoiltMost = 6;
// A shared queue must be seen empty.
constexpr int kEraseRunsMax = 20;

std::set<std::string> ids_of(const std::vector<Finding>& findings) {
  std::set<std::string> ids;
  for (const Finding& finding : findings) ids.insert(finding.id);
  return ids;
}

std::string spoils_of(const Row& row) {
  constexpr std::string_view kNames[] = {"sound", "other text", "other key", "other time"};
  std::string text;
  for (int copy = 0; copy < row.copies; ++copy) {
    text += text.empty() ? "" : ", ";
    text += kNames[static_cast<std::size_t>(row.spoil(copy))];
  }
  return text;
}

}  // namespace

Inspection::~Inspection() {
  if (task_ != nullptr) task_->end();
}

void Inspection::begin() {
  task_ = Task::begin(around_, kWorld, [this](Task& task) { inspect(task); });
}

Instance& Inspection::some_instance() {
  return *outside_.instances[around_.random.below(outside_.instances.size())];
}

void Inspection::inspect(Task& task) {
  if (!task.wait(kAllToldAfter)) return;
  finish_erasures(task);
  if (around_.violation || task.ended()) return;
  events_ = static_cast<std::int64_t>(outside_.warehouses[0]->table.events());
  spoil();
  // What was spoilt is old by then; what comes meanwhile is in order.
  if (!task.wait(kAllToldAfter)) return;
  for (const auto& instance : outside_.instances) {
    if (around_.violation || task.ended()) return;
    const bool deep = around_.chance(0.5);
    const Commands::Compared compared = commands_.verify(task, *instance, deep);
    if (!task.ended()) check_named(compared, deep);
  }
  put_right(task);
}

// One that was cut short has noted its events in one table and not in the other: it is run again.
void Inspection::finish_erasures(Task& task) {
  for (const std::int64_t person : commands_.erased_persons()) {
    for (const auto& instance : outside_.instances) {
      bool done = false;
      for (int run = 0; run < kEraseRunsMax && !done && !task.ended(); ++run) {
        done = commands_.erase(task, *instance, person);
        if (!done) task.wait(std::chrono::seconds(1));
      }
      if (!done && !task.ended()) around_.violated("erase: does not come to its end, though all is calm");
    }
  }
}

void Inspection::spoil() {
  if (around_.chance(0.2)) corruption_.empty_secondary();
  for (std::uint64_t i = around_.random.below(kSpoiltMost); i > 0; --i) corruption_.strike();
}

// All that was there and is not in order now.
void Inspection::check_named(const Commands::Compared& compared, bool deep) {
  if (!compared.ended) return around_.violated("verify: could not tell, though all is calm");
  if (std::ranges::any_of(compared.findings, [](const Finding& finding) { return finding.window.has_value(); })) {
    return around_.violated("verify: cannot say why a window differs, though all is calm");
  }
  const std::set<std::string> named = ids_of(compared.findings);
  for (std::int64_t number = 0; number < events_; ++number) {
    const bool in_order = deep ? verdicts_.in_order(number) : verdicts_.looks_in_order(number);
    if (in_order || named.contains(around_.catalogue.of(number).hex)) continue;
    return around_.violated(
        fmt::format("verify: event {} stands {} times in the primary ({}), {} in the secondary ({}), and is not named",
                    number, outside_.warehouses[0]->row(number).copies, spoils_of(outside_.warehouses[0]->row(number)),
                    outside_.warehouses[1]->row(number).copies, spoils_of(outside_.warehouses[1]->row(number))));
  }
}

void Inspection::put_right(Task& task) {
  if (around_.violation || task.ended()) return;
  Instance& instance = some_instance();
  if (around_.chance(0.3)) {
    const Commands::Repaired rebuilt =
        commands_.rebuild(task, instance, static_cast<std::uint32_t>(around_.random.below(2)));
    if (task.ended()) return;
    if (!rebuilt.ended) return around_.violated("rebuild: does not come to its end, though all is calm");
    const Commands::Compared compared = commands_.verify(task, instance, false);
    if (!task.ended()) check_put_right(compared, rebuilt, false);
    if (around_.violation || task.ended()) return;
  }
  const Commands::Repaired repaired = commands_.repair(task, instance, true);
  if (task.ended()) return;
  if (!repaired.ended) return around_.violated("repair: does not come to its end, though all is calm");
  const Commands::Compared compared = commands_.verify(task, instance, true);
  if (task.ended() || around_.violation) return;
  check_put_right(compared, repaired, true);
  const Commands::Repaired again = commands_.repair(task, instance, true);
  if (!task.ended() && again.changed && repaired.undecided.empty())
    around_.violated("repair: a second run changes something");
}

// What is left is what nobody may, or can, put right; all else is in order.
void Inspection::check_put_right(const Commands::Compared& compared, const Commands::Repaired& repaired, bool deep) {
  if (!compared.ended) return around_.violated("verify: could not tell, though all is calm");
  for (const Finding& finding : compared.findings) {
    if (finding.kind == FindingKind::quarantined || finding.kind == FindingKind::undecided) continue;
    const auto number = around_.catalogue.find(finding.id);
    if (number && verdicts_.hopeless(*number)) continue;
    // What both sides had changed alike is seen without a deep look once one of them is right again.
    if (!deep && finding.kind == FindingKind::changed) continue;
    if (repaired.refused.contains(finding.id) || repaired.undecided.contains(finding.id)) continue;
    return around_.violated(fmt::format("repair: event {} is still {} in the {}", number.value_or(-1),
                                        proof::to_string(finding.kind), finding.target));
  }
}

}  // namespace twinshift::simulation
