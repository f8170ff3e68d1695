#include "app/eraser.hpp"

#include <algorithm>
#include <utility>

namespace twinshift::app {
namespace {

using warehouse::EventPlace;

constexpr const char* kQuarantine = "quarantine";

std::map<event::EventId, EventPlace> by_id(const std::vector<EventPlace>& places) {
  std::map<event::EventId, EventPlace> ordered;
  for (const EventPlace& place : places) ordered.emplace(place.id, place);
  return ordered;
}

// The person's events, wherever they stand.
std::map<event::EventId, EventPlace> theirs(const ErasureLook& look) {
  std::map<event::EventId, EventPlace> all = by_id(look.waiting.events);
  for (const QuarantinedEvent& each : look.quarantined) all.emplace(each.place.id, each.place);
  for (const ErasureLook::Target& target : look.targets) all.merge(by_id(target.rows));
  return all;
}

// What is to be noted in `target`: theirs, less what it has noted; what was erased elsewhere while it could not be
// reached; and rows that stand in it all the same.
std::vector<EventPlace> places_for(const ErasureLook& look, const ErasureLook::Target& target) {
  std::map<event::EventId, EventPlace> all = theirs(look);
  std::erase_if(all, [&](const auto& each) { return target.noted.contains(each.first.hex()); });
  all.merge(by_id(target.behind));
  all.merge(by_id(target.rows));
  std::vector<EventPlace> places;
  for (const auto& [id, place] : all) places.push_back(place);
  return places;
}

}  // namespace

bool ErasureLook::is_empty() const {
  return waiting.events.empty() && quarantined.empty() &&
         std::ranges::all_of(targets, [](const Target& target) { return target.rows.empty(); });
}

bool Eraser::Work::is_empty() const {
  return quarantined.empty() && std::ranges::all_of(places, [](const auto& each) { return each.second.empty(); });
}

// Along the way of an event, so that none slips past: what leaves a store behind us is met in a later one.
base::Result<ErasureLook> Eraser::look() {
  ErasureLook look;
  auto waiting = parts_.door->waiting(person_);
  if (!waiting) return base::fail(std::move(waiting.error()));
  look.waiting = std::move(*waiting);
  auto quarantined = parts_.door->quarantined(person_);
  if (!quarantined) return base::fail(std::move(quarantined.error()));
  look.quarantined = std::move(*quarantined);
  for (const auto& [name, reader] : parts_.targets) {
    ErasureLook::Target target;
    target.name = name;
    if (auto rows = reader.find(person_)) {
      target.rows = std::move(*rows);
    } else {
      target.trouble = std::move(rows.error());
    }
    look.targets.push_back(std::move(target));
  }
  std::vector<EventPlace> all;
  for (const auto& [id, place] : theirs(look)) all.push_back(place);
  look_at_noted(look, all);
  if (!behind_told_) look_behind(look);
  for (ErasureLook::Target& target : look.targets) {
    auto owed = parts_.door->owed(target.name, all);
    if (!owed) return base::fail(std::move(owed.error()));
    target.owed = *owed;
  }
  return look;
}

void Eraser::look_at_noted(ErasureLook& look, std::span<const EventPlace> all) {
  for (ErasureLook::Target& target : look.targets) {
    if (target.trouble) continue;
    if (auto noted = parts_.targets.at(target.name).noted(all)) {
      target.noted = std::move(*noted);
    } else {
      target.trouble = std::move(noted.error());
    }
  }
}

void Eraser::look_behind(ErasureLook& look) {
  if (look.targets.size() != 2 || look.targets[0].trouble || look.targets[1].trouble) return;
  ErasedApart apart = compare_erased(
      {parts_.targets.at(look.targets[0].name).erased, parts_.targets.at(look.targets[1].name).erased}, kBehindMax);
  for (std::size_t side = 0; side < look.targets.size(); ++side) {
    look.targets[side].behind = std::move(apart.lacking[side]);
    look.targets[side].trouble = std::move(apart.troubles[side]);
  }
  behind_told_ = !apart.more && !look.targets[0].trouble && !look.targets[1].trouble;
}

Eraser::Work Eraser::work_of(const ErasureLook& look, const ErasureReport& report) const {
  Work work;
  const std::map<event::EventId, EventPlace> all = theirs(look);
  for (const ErasureLook::Target& target : look.targets) {
    if (report.troubles.contains(target.name)) continue;
    work.places[target.name] = places_for(look, target);
    for (const auto& [id, place] : all) {
      if (!target.noted.contains(id.hex())) work.theirs[target.name].push_back(id);
    }
    work.others[target.name] = static_cast<std::uint64_t>(
        std::ranges::count_if(target.behind, [&](const EventPlace& each) { return !all.contains(each.id); }));
  }
  for (const ErasureLook::Target& target : look.targets) {
    work.noted.insert(target.noted.begin(), target.noted.end());
  }
  if (report.troubles.contains(kQuarantine)) return work;
  // Only what some target has noted, or can note now: else it would come back, and nobody knew it.
  const bool none_answers = work.places.empty();
  for (const QuarantinedEvent& each : look.quarantined) {
    if (!none_answers || work.noted.contains(each.place.id.hex())) work.quarantined.push_back(each);
  }
  return work;
}

void Eraser::carry_out(const Work& work, ErasureReport& report) {
  for (const auto& [target, places] : work.places) {
    if (places.empty()) continue;
    auto done = parts_.door->erase(person_.field, target, places, report.rows[target]);
    if (!done) {
      report.troubles.emplace(target, std::move(done.error()));
      continue;
    }
    const auto fresh = work.theirs.find(target);
    if (fresh != work.theirs.end()) {
      report.events.insert(fresh->second.begin(), fresh->second.end());
      report.noted[target].theirs += fresh->second.size();
    }
    report.noted[target].others += work.others.at(target);
  }
  std::vector<quarantine::Ticket> tickets;
  for (const QuarantinedEvent& each : work.quarantined) {
    const bool noted = work.noted.contains(each.place.id.hex()) || report.events.contains(each.place.id);
    if (noted) tickets.push_back(each.ticket);
  }
  if (tickets.empty()) return;
  auto dropped = parts_.door->drop(tickets);
  if (dropped) {
    report.dropped += *dropped;
  } else {
    report.troubles.emplace(kQuarantine, std::move(dropped.error()));
  }
}

ErasureReport Eraser::erase(ErasureLook look) {
  ErasureReport report;
  for (int round = 0;; ++round) {
    for (const ErasureLook::Target& target : look.targets) {
      if (target.trouble) report.troubles.emplace(target.name, *target.trouble);
    }
    const Work work = work_of(look, report);
    if (work.is_empty()) return report;
    if (round == kEraseRoundsMax) {
      report.goes_on = true;
      return report;
    }
    carry_out(work, report);
    auto next = this->look();
    if (!next) {
      report.troubles.emplace("the look afterwards", std::move(next.error()));
      return report;
    }
    look = std::move(*next);
  }
}

}  // namespace twinshift::app
