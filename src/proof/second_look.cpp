#include "proof/second_look.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>

#include "proof/changed_rows.hpp"

namespace twinshift::proof {
namespace {

using namespace std::chrono_literals;

std::vector<Listed> rows_of(const std::vector<Suspect>& suspects) {
  std::vector<Listed> rows;
  rows.reserve(suspects.size());
  for (const Suspect& suspect : suspects) rows.push_back(suspect.row);
  return rows;
}

Presence presence_in(const std::map<std::string, Presence>& found, const std::string& id) {
  const auto there = found.find(id);
  return there == found.end() ? Presence{} : there->second;
}

bool is_missing_on_a_side(const Suspect& suspect) {
  return suspect.copies[0] == 0 || suspect.copies[1] == 0;
}

Presence as_seen(const Suspect& suspect, std::size_t side) {
  return {.id = suspect.row.id,
          .copies = suspect.copies[side],
          .key = suspect.keys[side],
          .event_at = suspect.row.event_at};
}

}  // namespace

base::Status SecondLook::take(std::vector<Suspect> suspects, base::SteadyTime seen) {
  const auto odd =
      std::ranges::stable_partition(suspects, [](const Suspect& s) { return warehouse::is_event_id(s.row.id); });
  for (const Suspect& suspect : odd) {
    for (std::size_t side = 0; side < suspect.copies.size(); ++side) {
      report_foreign(suspect, side);
    }
  }
  suspects.erase(odd.begin(), odd.end());
  if (suspects.empty()) return {};
  if (parts_.once) return look_at(std::move(suspects), seen);
  waiting_suspects_ += suspects.size();
  const auto due = std::max(seen + parts_.apart, parts_.clock->steady() + kListedApart);
  waiting_.push_back({due, seen, std::move(suspects)});
  while (waiting_suspects_ > kSuspectsMax) {
    const auto left = std::ranges::min(waiting_, {}, &Waiting::due).due - parts_.clock->steady();
    if (left > std::chrono::nanoseconds(0)) parts_.wait(left);
    if (auto on = parts_.stopped(); !on) return on;
    if (auto done = look_at_due(); !done) return done;
  }
  return {};
}

base::Status SecondLook::look() {
  if (waiting_.empty()) return {};
  const bool many = 2 * waiting_suspects_ > kSuspectsMax;
  const auto now = parts_.clock->steady();
  const bool due =
      std::ranges::any_of(waiting_, [&](const Waiting& each) { return each.due + (many ? 0s : kGather) <= now; });
  return due ? look_at_due() : base::Status();
}

base::Status SecondLook::look_at_due() {
  const auto now = parts_.clock->steady();
  std::vector<Suspect> suspects;
  base::SteadyTime seen{};  // the latest of them: then all are known to differ
  for (auto each = waiting_.begin(); each != waiting_.end() && suspects.size() < kSuspectsMax;) {
    if (each->due > now) {
      ++each;
      continue;
    }
    seen = std::max(seen, each->seen);
    std::ranges::move(each->suspects, std::back_inserter(suspects));
    each = waiting_.erase(each);
  }
  if (suspects.empty()) return {};
  waiting_suspects_ -= suspects.size();
  return look_at(std::move(suspects), seen);
}

base::Status SecondLook::finish() {
  while (!waiting_.empty()) {
    const auto last = std::ranges::max(waiting_, {}, &Waiting::due).due;
    const auto left = last - parts_.clock->steady();
    if (left > std::chrono::nanoseconds(0)) parts_.wait(left);
    if (auto on = parts_.stopped(); !on) return on;
    if (auto done = look_at_due(); !done) return done;
  }
  return {};
}

base::Result<SecondLook::Excuses> SecondLook::excuses(const std::string& target, const std::vector<Listed>& rows,
                                                      base::WallTime seen) {
  Excuses excuses;
  auto quarantined = parts_.debts->quarantined(target, rows);
  if (!quarantined) return base::fail(std::move(quarantined.error()));
  auto owes = parts_.debts->owes(target, rows, seen);
  if (!owes) return base::fail(std::move(owes.error()));
  // What was refused just between the two questions is in neither answer.
  auto again = parts_.debts->quarantined(target, rows);
  if (!again) return base::fail(std::move(again.error()));
  for (std::size_t i = 0; i < rows.size(); ++i) quarantined->at(i) = quarantined->at(i) || again->at(i);
  return Excuses{std::move(*owes), std::move(*quarantined)};
}

bool SecondLook::Case::unlike() const {
  if (now[0].copies == 0 || now[1].copies == 0) return false;
  const bool same_time = now[0].outside == now[1].outside && warehouse::is_same_time(now[0].event_at, now[1].event_at);
  return now[0].key != now[1].key || !same_time;
}

base::Result<std::vector<SecondLook::Case>> SecondLook::open_cases(const std::vector<Suspect>& suspects,
                                                                   base::WallTime seen) {
  const std::vector<Listed> rows = rows_of(suspects);
  std::vector<Case> cases(suspects.size());
  for (std::size_t i = 0; i < suspects.size(); ++i) cases[i].suspect = &suspects[i];
  // Who owes it is asked first: what is owed no more has landed by the time that the tables are asked.
  for (std::size_t side = 0; side < parts_.sides.size(); ++side) {
    auto some = excuses(parts_.sides[side]->name(), rows, seen);
    if (!some) return base::fail(std::move(some.error()));
    for (std::size_t i = 0; i < cases.size(); ++i) {
      cases[i].owes[side] = some->owes[i];
      cases[i].quarantined[side] = some->quarantined[i];
    }
  }
  if (auto done = look_again(cases); !done) return base::fail(std::move(done.error()));
  return cases;
}

base::Status SecondLook::look_again(std::vector<Case>& cases) {
  std::vector<Listed> rows;
  std::vector<Case*> asked;
  for (Case& each : cases) {
    if (parts_.once && is_missing_on_a_side(*each.suspect)) {
      each.now = {as_seen(*each.suspect, 0), as_seen(*each.suspect, 1)};
      continue;
    }
    rows.push_back(each.suspect->row);
    asked.push_back(&each);
  }
  if (rows.empty()) return {};
  auto now = ask_both(parts_.sides, [&](Side& side, std::size_t) { return side.present(rows, Where::at_their_time); });
  if (!now) return base::fail(std::move(now.error()));
  for (Case* each : asked) {
    const std::string& id = each->suspect->row.id;
    each->now = {presence_in((*now)[0], id), presence_in((*now)[1], id)};
  }
  return {};
}

bool SecondLook::Case::scattered(std::size_t side) const {
  return suspect->copies[side] > 1 && now[side].copies > 0 && now[side].copies < suspect->copies[side];
}

// What a side lacks, or has less of than it seemed, may stand there at another time: somebody has changed its event_at.
base::Status SecondLook::look_elsewhere(std::vector<Case>& cases) {
  if (parts_.once) return {};
  for (std::size_t side = 0; side < parts_.sides.size(); ++side) {
    std::vector<Listed> lacking;
    for (const Case& each : cases) {
      const bool stood_there = each.suspect->copies[side] > 0;
      const bool looked_for = (each.absent(side) && (stood_there || !each.excused(side))) || each.scattered(side);
      if (looked_for && lacking.size() < elsewhere_left_) lacking.push_back(each.suspect->row);
    }
    if (lacking.empty()) continue;
    elsewhere_left_ -= lacking.size();
    auto found = parts_.sides[side]->present(lacking, Where::anywhere);
    if (!found) return base::fail(std::move(found.error()));
    for (Case& each : cases) {
      if (!each.absent(side) && !each.scattered(side)) continue;
      const auto there = found->find(each.suspect->row.id);
      if (there != found->end()) each.now[side] = there->second;
    }
  }
  return {};
}

// What stands on one side alone, or too often, may be there only because somebody has put it back.
base::Status SecondLook::look_for_erased(std::vector<Case>& cases) {
  if (parts_.once && !parts_.once_minds_erased) return {};
  std::vector<Listed> asked;
  for (const Case& each : cases) {
    if (each.absent(0) || each.absent(1) || each.suspect->doubled) asked.push_back(each.suspect->row);
  }
  if (asked.empty()) return {};
  auto noted = ask_both(parts_.sides, [&](Side& side, std::size_t) { return side.erased(asked); });
  if (!noted) return base::fail(std::move(noted.error()));
  for (Case& each : cases) {
    const std::string& id = each.suspect->row.id;
    each.noted = {(*noted)[0].contains(id), (*noted)[1].contains(id)};
    each.erased = each.noted[0] || each.noted[1];
  }
  return {};
}

// Which side's row was changed, and how, is in the rows themselves.
base::Status SecondLook::look_into(std::vector<Case>& cases) {
  Pair<std::vector<Listed>> asked;
  for (const Case& each : cases) {
    if (!each.unlike()) continue;
    for (std::size_t side = 0; side < asked.size(); ++side) {
      Listed row = each.suspect->row;
      row.event_at = each.now[side].event_at;
      row.outside = each.now[side].outside;
      asked[side].push_back(std::move(row));
    }
  }
  if (asked[0].empty()) return {};
  auto rows = ask_both(parts_.sides,
                       [&](Side& side, std::size_t index) { return side.rows_of(asked[index], Where::at_their_time); });
  if (!rows) return base::fail(std::move(rows.error()));
  const Pair<std::string> targets{parts_.sides[0]->name(), parts_.sides[1]->name()};
  std::set<std::string> named;
  for (const Finding& finding : changed_rows(*rows, targets, parts_.ids_from_content)) {
    named.insert(finding.id);
    parts_.found(finding);
  }
  for (Case& each : cases) each.named = named.contains(each.suspect->row.id);
  return {};
}

base::WallTime SecondLook::wall_time(base::SteadyTime time) const {
  return parts_.clock->now() - std::chrono::ceil<std::chrono::microseconds>(parts_.clock->steady() - time);
}

// Until whoever runs has told what it owes.
void SecondLook::put_off(std::vector<Suspect> suspects, base::SteadyTime seen) {
  awaits_others_ = !suspects.empty();
  if (suspects.empty()) return;
  waiting_suspects_ += suspects.size();
  waiting_.push_back({parts_.clock->steady() + kAskAgain, seen, std::move(suspects)});
}

base::Status SecondLook::look_at(std::vector<Suspect> suspects, base::SteadyTime seen) {
  auto cases = open_cases(suspects, wall_time(seen));
  if (!cases) return base::fail(std::move(cases.error()));
  if (auto done = look_elsewhere(*cases); !done) return done;
  if (auto done = look_for_erased(*cases); !done) return done;
  if (auto done = look_into(*cases); !done) return done;
  // Whoever copies at the first look leaves to others what they may owe, and compares afterwards.
  const bool may_wait = !parts_.once && parts_.clock->steady() < seen + kUntoldMax;
  std::vector<Suspect> later;
  for (const Case& each : *cases) {
    if (may_wait && (each.untold(0) || each.untold(1))) {
      later.push_back(*each.suspect);
    } else {
      judge(each);
    }
  }
  put_off(std::move(later), seen);
  return {};
}

// Each ends as something: named, owed, undecided, or the same on both sides.
void SecondLook::judge(const Case& open) {
  bool same = true;
  for (std::size_t side = 0; side < open.now.size(); ++side) same = judge_side(open, side) && same;
  if (open.unlike()) {
    same = false;
    // Both rows are what they should be, and yet not alike.
    if (!open.named) report(FindingKind::undecided, 1, *open.suspect, open.now[1].copies);
  }
  if (same) ++settled_;
}

bool SecondLook::judge_side(const Case& open, std::size_t side) {
  if (open.erased) {
    // Whatever else is wrong with it: it should not stand there at all.
    if (open.now[side].copies > 0) {
      report({.kind = FindingKind::erased, .copies = open.now[side].copies, .goes = !open.noted[side]}, side,
             *open.suspect);
    }
    return open.now[side].copies == 0;
  }
  if (open.lacks(side)) {
    judge_missing(open, side);
    return false;
  }
  if (open.swapped(side) && !open.excused(side)) {
    report(FindingKind::undecided, side, *open.suspect, 0);
    return false;
  }
  // A list shows doubles, too; they are told by the question for them alone.
  if (open.suspect->doubled && open.now[side].copies > 1 && open.suspect->copies[side] > 1) {
    report(FindingKind::doubled, side, *open.suspect, open.now[side].copies);
    return false;
  }
  return true;
}

void SecondLook::judge_missing(const Case& open, std::size_t side) {
  const Owing owing = open.owes[side];
  if (owing == Owing::yes) {
    ++owed_;
  } else if (open.quarantined[side]) {
    report(FindingKind::quarantined, side, *open.suspect, 0);
  } else {
    report(owing == Owing::no ? FindingKind::missing : FindingKind::undecided, side, *open.suspect, 0,
           owing == Owing::refused);
  }
}

// The question for doubles alone asks one side: of the other it says nothing.
void SecondLook::report_foreign(const Suspect& suspect, std::size_t side) {
  const std::int64_t copies = suspect.copies[side];
  if (copies == 0 || (suspect.doubled && copies < 2)) return;
  report(FindingKind::foreign, side, suspect, copies);
  if (suspect.doubled) report(FindingKind::doubled, side, suspect, copies);
}

void SecondLook::report(FindingKind kind, std::size_t side, const Suspect& suspect, std::int64_t copies,
                        bool perhaps_refused) {
  report({.kind = kind, .copies = copies, .perhaps_refused = perhaps_refused}, side, suspect);
}

void SecondLook::report(Finding finding, std::size_t side, const Suspect& suspect) {
  finding.target = parts_.sides[side]->name();
  finding.id = suspect.row.id;
  finding.event_at = suspect.row.event_at;
  finding.timeless = suspect.row.is_timeless();
  finding.received_at = suspect.row.received_at;
  if (finding.kind == FindingKind::doubled && !warehouse::is_event_id(finding.id)) finding.hopeless = LeftWhy::foreign;
  parts_.found(finding);
}

}  // namespace twinshift::proof
