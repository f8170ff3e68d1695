#include "app/auditor.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <utility>

#include "app/verify_text.hpp"
#include "base/log.hpp"
#include "base/thread.hpp"
#include "base/time_text.hpp"

namespace twinshift::app {
namespace {

namespace log = base::log;
using namespace std::chrono_literals;
using proof::AuditVerdict;

// How often it is looked whether parity stalls, and how long it may before it is said.
constexpr std::chrono::milliseconds kLookEvery = 30s;
constexpr std::chrono::milliseconds kStallMin = 15min;
constexpr int kStallIntervals = 3;
constexpr std::chrono::milliseconds kStallToldEvery = 1h;

AuditVerdict verdict_of(VerifyVerdict verdict) {
  switch (verdict) {
    case VerifyVerdict::equal:
      return AuditVerdict::equal;
    case VerifyVerdict::different:
      return AuditVerdict::different;
    case VerifyVerdict::undecided:
      return AuditVerdict::undecided;
  }
  return AuditVerdict::undecided;
}

const char* stall_hint(const proof::OldestDebt& debt) {
  if (!debt.known) return "How old the oldest debt is cannot be read: do queue and backlog answer? /ready shows it";
  if (debt.arrived) return "Something is owed since then: does the target take it? /ready shows it";
  return "`twinshift verify` names what differs, `twinshift repair` shows what would mend it";
}

// What is found, counted, and the first few ids.
struct Gathered {
  FindingCounts counts;
  std::string ids;
  std::size_t named = 0;
  std::uint64_t quarantined = 0;
  std::uint64_t differences = 0;

  void add(const proof::Finding& finding) {
    // No other instance's refusal holds "identical up to" back: it says how many are excepted.
    if (finding.perhaps_refused) {
      ++quarantined;
      return;
    }
    counts.add(finding);
    if (finding.kind == proof::FindingKind::quarantined) {
      ++quarantined;
      return;
    }
    if (finding.kind != proof::FindingKind::undecided) ++differences;
    const bool ours = warehouse::is_event_id(finding.id);
    if (!ours || named == kAuditIdsMax) return;
    ++named;
    ids += (ids.empty() ? "" : " ") + finding.id;
  }
};

}  // namespace

struct Auditor::Core {
  explicit Core(Parts parts_in) : parts(std::move(parts_in)) {}

  void run(const std::stop_token& stop);
  void audit(const std::stop_token& stop);
  base::Result<proof::Audit> compare(const std::stop_token& stop, Gathered& gathered);
  void tell(const proof::Audit& audit, const Gathered& gathered);
  void look_for_a_stall();
  void wait(const std::stop_token& stop, std::chrono::nanoseconds time);
  [[nodiscard]] proof::ParityState state() const { return parity.state(parts.oldest_debt()); }
  [[nodiscard]] std::optional<std::chrono::milliseconds> lag() const;

  const Parts parts;
  proof::Parity parity;
  std::mutex mutex;
  std::condition_variable_any woken;
  // All below: the thread's.
  base::WallTime started = parts.clock->now();
  std::optional<base::SteadyTime> stall_told;
};

void Auditor::Core::wait(const std::stop_token& stop, std::chrono::nanoseconds time) {
  std::unique_lock lock(mutex);
  woken.wait_for(lock, stop, time, [] { return false; });
}

void Auditor::Core::run(const std::stop_token& stop) {
  auto due = parts.clock->steady() + std::min(parts.first_after, parts.interval);
  while (!stop.stop_requested()) {
    const auto now = parts.clock->steady();
    if (now >= due) {
      audit(stop);
      due = parts.clock->steady() + parts.interval;
    }
    look_for_a_stall();
    wait(stop, std::min<std::chrono::nanoseconds>(due - parts.clock->steady(), kLookEvery));
  }
}

base::Result<proof::Audit> Auditor::Core::compare(const std::stop_token& stop, Gathered& gathered) {
  auto opened = parts.open();
  if (!opened) return base::fail(std::move(opened.error()));
  proof::VerifyOptions options;
  options.question = kAuditQuestion;
  options.ids_from_content = parts.ids_from_content;
  proof::Verifier verifier(options, {.sides = {opened->sides[0].get(), opened->sides[1].get()},
                                     .debts = opened->debts.get(),
                                     .clock = parts.clock,
                                     .wait = [&](std::chrono::nanoseconds time) { wait(stop, time); },
                                     .found = [&](const proof::Finding& finding) { gathered.add(finding); },
                                     .told = {},
                                     .stop = [&] { return stop.stop_requested(); }});
  auto report = verifier.run();
  if (!report) return base::fail(std::move(report.error()));
  if (stop.stop_requested()) return base::fail(base::ErrorKind::cancelled, "the comparison was stopped", "audit");
  return proof::Audit{.begun = report->as_of,
                      .verdict = verdict_of(gathered.counts.verdict()),
                      .rows = report->rows,
                      .without_id = report->without_id,
                      .differences = gathered.differences,
                      .quarantined = gathered.quarantined,
                      .found = gathered.counts.text(),
                      .why = report->reasons.empty() ? std::string() : report->reasons.front(),
                      .others_oldest = opened->others_oldest};
}

void Auditor::Core::audit(const std::stop_token& stop) {
  const auto begin = parts.clock->steady();
  const base::WallTime begun = parts.clock->now();
  Gathered gathered;
  auto audit = compare(stop, gathered);
  if (!audit && audit.error().kind == base::ErrorKind::cancelled) return;
  if (!audit) {
    log::warn("Audit: could not tell whether the two warehouses hold the same").add(audit.error());
    audit = proof::Audit{.begun = begun, .found = audit.error().message};
  } else {
    tell(*audit, gathered);
  }
  audit->took = std::chrono::duration_cast<std::chrono::milliseconds>(parts.clock->steady() - begin);
  parity.add(*audit);
  if (audit->verdict != AuditVerdict::equal) return;
  if (auto kept = parts.keep(state()); !kept) log::warn("Audit: not kept for the next start").add(kept.error());
}

void Auditor::Core::tell(const proof::Audit& audit, const Gathered& gathered) {
  if (audit.verdict == AuditVerdict::equal) {
    auto line = log::info("Audit: the two warehouses hold the same");
    line.add("rowsPrimary", audit.rows[0]).add("rowsSecondary", audit.rows[1]);
    if (const auto& [primary, secondary] = audit.without_id; primary + secondary > 0) {
      line.add("notComparedPrimary", primary).add("notComparedSecondary", secondary);
    }
    if (!audit.found.empty()) line.add("except", audit.found);
    return;
  }
  auto line = audit.verdict == AuditVerdict::different
                  ? log::error("Audit: the two warehouses differ")
                  : log::warn("Audit: could not tell whether the two warehouses hold the same");
  line.add("found", audit.found).add("eventIds", gathered.ids);
  if (!audit.why.empty()) line.add("why", audit.why);
  line.add("hint", "`twinshift verify` names them all, `twinshift repair` shows what would mend them");
}

std::optional<std::chrono::milliseconds> Auditor::Core::lag() const {
  const proof::ParityState now = state();
  if (!now.up_to) return std::nullopt;
  return std::max(0ms, std::chrono::duration_cast<std::chrono::milliseconds>(parts.clock->now() - *now.up_to));
}

void Auditor::Core::look_for_a_stall() {
  const proof::ParityState now = state();
  const base::WallTime since = now.up_to.value_or(started);
  const auto behind = parts.clock->now() - since;
  const auto steady = parts.clock->steady();
  if (behind <= std::max(kStallMin, kStallIntervals * parts.interval)) {
    if (stall_told) log::info("Parity has caught up").add("identicalUpTo", base::iso8601_ms(since));
    stall_told.reset();
    return;
  }
  if (stall_told && steady - *stall_told < kStallToldEvery) return;
  stall_told = steady;
  auto line = log::warn("Parity stalls: the two warehouses were last proved identical a while ago");
  if (now.up_to) line.add("identicalUpTo", base::iso8601_ms(*now.up_to));
  const proof::OldestDebt debt = parts.oldest_debt();
  if (debt.arrived) line.add("oldestOwed", base::iso8601_ms(*debt.arrived));
  if (now.last) line.add("lastAudit", proof::to_string(now.last->verdict)).add("found", now.last->found);
  line.add("hint", stall_hint(debt));
}

Auditor::Auditor(Parts parts) : core_(std::make_shared<Core>(std::move(parts))) {}

Auditor::~Auditor() = default;

void Auditor::restore(const proof::Parity::Proved& proved) {
  core_->parity.restore(proved);
}

void Auditor::start() {
  worker_ = std::make_unique<delivery::Worker>("audit", [core = core_](const std::stop_token& stop) {
    base::yield_to_other_threads();
    core->run(stop);
  });
}

bool Auditor::stop(std::chrono::milliseconds limit) {
  if (!worker_) return true;
  worker_->request_stop();
  return worker_->wait(limit);
}

proof::ParityState Auditor::state() const {
  return core_->state();
}

std::optional<std::chrono::milliseconds> Auditor::lag() const {
  return core_->lag();
}

}  // namespace twinshift::app
