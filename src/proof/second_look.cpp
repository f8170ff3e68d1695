#include "proof/second_look.hpp"

#include <algorithm>
#include <utility>

namespace twinshift::proof {
namespace {

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

}  // namespace

base::Status SecondLook::take(std::vector<Suspect> suspects) {
  const auto odd =
      std::ranges::stable_partition(suspects, [](const Suspect& s) { return warehouse::is_event_id(s.row.id); });
  for (const Suspect& suspect : odd) {
    for (std::size_t side = 0; side < suspect.copies.size(); ++side) {
      if (suspect.copies[side] > 0) report(FindingKind::foreign, side, suspect, suspect.copies[side]);
    }
  }
  suspects.erase(odd.begin(), odd.end());
  if (suspects.empty()) return {};
  waiting_suspects_ += suspects.size();
  waiting_.push_back({parts_.clock->steady() + parts_.apart, std::move(suspects)});
  while (waiting_suspects_ > kSuspectsMax) {
    if (auto done = look(); !done) return done;
    if (waiting_suspects_ > kSuspectsMax) parts_.wait(waiting_.front().due - parts_.clock->steady());
  }
  return {};
}

base::Status SecondLook::look() {
  while (!waiting_.empty() && waiting_.front().due <= parts_.clock->steady()) {
    std::vector<Suspect> suspects = std::move(waiting_.front().suspects);
    waiting_.pop_front();
    waiting_suspects_ -= suspects.size();
    if (auto done = look_at(std::move(suspects)); !done) return done;
  }
  return {};
}

base::Status SecondLook::finish() {
  while (!waiting_.empty()) {
    const auto left = waiting_.front().due - parts_.clock->steady();
    if (left > std::chrono::nanoseconds(0)) parts_.wait(left);
    if (auto done = look(); !done) return done;
  }
  return {};
}

base::Result<SecondLook::Excuses> SecondLook::excuses(const std::string& target, const std::vector<Listed>& rows) {
  Excuses excuses;
  auto quarantined = parts_.debts->quarantined(target, rows);
  if (!quarantined) return base::fail(std::move(quarantined.error()));
  auto owes = parts_.debts->owes(target, rows);
  if (!owes) return base::fail(std::move(owes.error()));
  // What was refused just between the two questions is in neither answer.
  auto again = parts_.debts->quarantined(target, rows);
  if (!again) return base::fail(std::move(again.error()));
  for (std::size_t i = 0; i < rows.size(); ++i) quarantined->at(i) = quarantined->at(i) || again->at(i);
  return Excuses{std::move(*owes), std::move(*quarantined)};
}

base::Status SecondLook::look_at(std::vector<Suspect> suspects) {
  const std::vector<Listed> rows = rows_of(suspects);
  // Who owes it is asked first: what is owed no more has landed by the time that the tables are asked.
  Pair<Excuses> excused;
  for (std::size_t side = 0; side < excused.size(); ++side) {
    auto some = excuses(parts_.sides[side]->name(), rows);
    if (!some) return base::fail(std::move(some.error()));
    excused[side] = std::move(*some);
  }
  auto now = ask_both(parts_.sides, [&](Side& side, std::size_t) { return side.present(rows); });
  if (!now) return base::fail(std::move(now.error()));
  for (std::size_t i = 0; i < suspects.size(); ++i) {
    const std::string& id = suspects[i].row.id;
    judge(suspects[i], {presence_in((*now)[0], id), presence_in((*now)[1], id)}, excused, i);
  }
  return {};
}

void SecondLook::judge(const Suspect& suspect, const Pair<Presence>& now, const Pair<Excuses>& excuses,
                       std::size_t index) {
  const bool anywhere = now[0].copies > 0 || now[1].copies > 0;
  bool same = true;
  for (std::size_t side = 0; side < now.size(); ++side) {
    const bool was_missing = suspect.copies[side] == 0;
    if (anywhere && now[side].copies == 0 && was_missing) {
      judge_missing(suspect, side, excuses[side], index);
      same = false;
    }
    if (now[side].copies > 1 && suspect.copies[side] > 1) {
      report(FindingKind::doubled, side, suspect, now[side].copies);
      same = false;
    }
  }
  if (now[0].copies == 1 && now[1].copies == 1 && now[0].key != now[1].key && suspect.keys[0] != suspect.keys[1]) {
    report(FindingKind::changed, 0, suspect, 1, "event_key");
    same = false;
  }
  if (same) ++settled_;
}

void SecondLook::judge_missing(const Suspect& suspect, std::size_t side, const Excuses& excuses, std::size_t index) {
  if (excuses.owes[index] == Owing::yes) {
    ++owed_;
  } else if (excuses.quarantined[index]) {
    report(FindingKind::quarantined, side, suspect, 0);
  } else {
    report(excuses.owes[index] == Owing::unknown ? FindingKind::undecided : FindingKind::missing, side, suspect, 0);
  }
}

void SecondLook::report(FindingKind kind, std::size_t side, const Suspect& suspect, std::int64_t copies,
                        std::string column) {
  parts_.found({.kind = kind,
                .target = parts_.sides[side]->name(),
                .id = suspect.row.id,
                .event_at = suspect.row.event_at,
                .received_at = suspect.row.received_at,
                .copies = copies,
                .column = std::move(column)});
}

}  // namespace twinshift::proof
