#include "proof/mend_choice.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "event/identity.hpp"
#include "proof/soundness.hpp"

namespace twinshift::proof {
namespace {

using warehouse::StoredEvent;

// The row tells the event that its id names, whatever has become of event_key and event_at.
bool tells_its_event(Fault fault) {
  return fault == Fault::none || fault == Fault::column;
}

// A minted id goes in as the UUID that it was: identity takes a UUID's bits as they are.
std::string uuid_of(const std::string& digits) {
  std::string uuid = digits;
  for (const std::size_t dash : {8U, 13U, 18U, 23U}) uuid.insert(dash, 1, '-');
  return uuid;
}

struct Judged {
  const StoredEvent* row = nullptr;
  event::EventPtr told{};  // by its content; null where the row tells none
  Fault fault = Fault::none;
  std::string content_id{};
};

std::vector<Judged> judged(Rows rows, bool ids_from_content) {
  std::vector<Judged> all;
  for (const StoredEvent& row : rows) {
    Judged each{.row = &row};
    if (row.text) {
      auto told = event::decode_event(*row.text, {}, row.received_at.value_or(base::WallTime{}));
      if (told) each.told = std::move(*told);
    }
    Soundness sound = soundness_of(row, each.told.get(), ids_from_content);
    each.fault = sound.fault;
    each.content_id = std::move(sound.content_id);
    all.push_back(std::move(each));
  }
  return all;
}

// The event that a row tells, as it arrived; its id is what the row says, or where it was renamed what its content
// says.
event::EventPtr event_of(const Judged& judged, base::WallTime received_at, bool ids_from_content) {
  if (ids_from_content && judged.told->received_at == received_at) return judged.told;
  auto event = ids_from_content ? event::decode_event(*judged.row->text, {}, received_at)
                                : event::decode_event(*judged.row->text, uuid_of(judged.row->id), received_at,
                                                      event::IdentityMode::message);
  return event ? std::move(*event) : nullptr;
}

// Sound ones first, then those whose own columns alone are wrong.
const Judged* best_of(const std::vector<Judged>& rows) {
  const Judged* best = nullptr;
  for (const Judged& each : rows) {
    if (!tells_its_event(each.fault)) continue;
    if (best == nullptr || (best->fault != Fault::none && each.fault == Fault::none)) best = &each;
  }
  return best;
}

// Of rows with minted ids: do they tell one and the same event, as far as they tell any?
bool tell_one_event(const std::vector<Judged>& rows) {
  const auto first = std::ranges::find_if(rows, [](const Judged& each) { return !each.content_id.empty(); });
  return std::ranges::all_of(
      rows, [&](const Judged& each) { return each.content_id.empty() || each.content_id == first->content_id; });
}

// The earliest arrival that any of them knows; 1970 where none does: drivers write that as NULL.
base::WallTime received_of(Rows rows) {
  base::WallTime earliest{};
  for (const StoredEvent& row : rows) {
    if (!row.received_at) continue;
    earliest = earliest == base::WallTime{} ? *row.received_at : std::min(earliest, *row.received_at);
  }
  return earliest;
}

void remove_all(Rows here, MendRow& row) {
  for (const StoredEvent& each : here) {
    const warehouse::EventPlace place{event_id_of(each.id), each.event_at.value_or(base::WallTime{})};
    const auto same = [&](const warehouse::EventPlace& other) {
      return other.id == place.id && other.event_at == place.event_at;
    };
    if (std::ranges::none_of(row.remove, same)) row.remove.push_back(place);
  }
  row.standing = here.size();
}

// `best`: none where the rows here tell other events only.
MendChoice replaced_by(const Judged* best, const std::vector<Judged>& rows, Rows here, Rows elsewhere,
                       bool ids_from_content) {
  MendRow row;
  if (best != nullptr) {
    const base::WallTime arrived = received_of(here);
    const bool known = arrived != base::WallTime{};
    row.events.push_back(event_of(*best, known ? arrived : received_of(elsewhere), ids_from_content));
  }
  for (const Judged& each : rows) {
    // Its own key still says which event it was: it is written under its own id again.
    if (each.fault != Fault::renamed) continue;
    row.events.push_back(event_of(each, each.row->received_at.value_or(base::WallTime{}), ids_from_content));
  }
  if (row.events.empty() || std::ranges::count(row.events, nullptr) > 0) return {.why = LeftWhy::unsound};
  // A row without a time cannot be removed by its place, and would stand beside the one that replaces it.
  if (std::ranges::any_of(here, [](const StoredEvent& each) { return !each.event_at; })) {
    return {.why = LeftWhy::timeless};
  }
  remove_all(here, row);
  return {.row = std::move(row)};
}

}  // namespace

event::EventId event_id_of(const std::string& digits) {
  return event::minted_id(uuid_of(digits));
}

MendChoice choose_copy(Rows elsewhere, bool ids_from_content) {
  if (elsewhere.empty()) return {.why = LeftWhy::gone};
  const std::vector<Judged> rows = judged(elsewhere, ids_from_content);
  const Judged* best = best_of(rows);
  if (best == nullptr) return {.why = LeftWhy::unsound};
  if (!ids_from_content && !tell_one_event(rows)) return {.why = LeftWhy::unlike};
  event::EventPtr event = event_of(*best, received_of(elsewhere), ids_from_content);
  if (event == nullptr) return {.why = LeftWhy::unsound};
  MendChoice choice;
  choice.row.emplace().events.push_back(std::move(event));
  if (best->fault == Fault::column) {
    choice.crooked = MendPlace{.id = best->row->id, .event_at = best->row->event_at.value_or(base::WallTime{})};
  }
  return choice;
}

MendChoice choose_replacement(Rows here, Rows elsewhere, bool ids_from_content) {
  if (here.empty()) return {.why = LeftWhy::gone};
  const std::vector<Judged> rows = judged(here, ids_from_content);
  if (rows.size() == 1 && rows.front().fault == Fault::none && ids_from_content) return {.in_order = true};
  const std::vector<Judged> others = judged(elsewhere, ids_from_content);
  if (!ids_from_content) {
    std::vector<Judged> all = rows;
    all.insert(all.end(), others.begin(), others.end());
    if (!tell_one_event(all)) return {.why = LeftWhy::unlike};
    if (rows.size() == 1 && rows.front().fault == Fault::none) return {.in_order = true};
  }
  const Judged* best = best_of(rows);
  if (best == nullptr) best = best_of(others);
  const bool all_renamed = std::ranges::all_of(rows, [](const Judged& each) { return each.fault == Fault::renamed; });
  if (best == nullptr && !all_renamed) return {.why = LeftWhy::unsound};
  return replaced_by(best, rows, here, elsewhere, ids_from_content);
}

}  // namespace twinshift::proof
