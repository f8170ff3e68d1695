#include "proof/changed_rows.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "proof/soundness.hpp"

namespace twinshift::proof {
namespace {

using warehouse::StoredEvent;

struct Judged {
  const StoredEvent* row = nullptr;
  Soundness sound;
};
using Copies = std::vector<Judged>;

bool tells_its_event(const Judged& judged) {
  return judged.sound.fault == Fault::none || judged.sound.fault == Fault::column;
}

Finding finding_of(const Judged& judged, const std::string& target) {
  return {.kind = judged.sound.fault == Fault::no_id ? FindingKind::foreign : FindingKind::changed,
          .target = target,
          .id = judged.row->id,
          .event_at = judged.row->event_at.value_or(base::WallTime{}),
          .timeless = !judged.row->event_at,
          .received_at = judged.row->received_at.value_or(base::WallTime{}),
          .copies = 1,
          .column = judged.sound.columns,
          .content_id = judged.sound.fault == Fault::renamed ? judged.sound.content_id : std::string(),
          .unsound = !tells_its_event(judged) && judged.sound.fault != Fault::renamed};
}

const StoredEvent* sound_one(const Copies& copies) {
  for (const Judged& each : copies) {
    if (tells_its_event(each)) return each.row;
  }
  return nullptr;
}

class Judge {
 public:
  Judge(const Pair<std::string>& targets, bool ids_from_content)
      : targets_(targets), ids_from_content_(ids_from_content) {}

  void judge(Pair<Copies>& copies) {
    unlike_ = !ids_from_content_ && mark_unlike(copies);
    for (std::size_t side = 0; side < copies.size(); ++side) {
      for (Judged& each : copies[side]) {
        if (each.sound.fault == Fault::none) continue;
        if (each.sound.fault == Fault::content) name_columns(each, copies);
        found.push_back(finding_of(each, targets_[side]));
        if (found.back().kind == FindingKind::changed) found.back().hopeless = why_hopeless(copies, side);
      }
    }
  }

  std::vector<Finding> found;

 private:
  // With minted ids nobody can say which of two different copies is the event.
  static bool mark_unlike(Pair<Copies>& copies) {
    if (copies[0].empty() || copies[1].empty()) return false;
    Judged& one = copies[0].front();
    Judged& other = copies[1].front();
    if (one.sound.content_id == other.sound.content_id) return false;
    for (Judged* each : {&one, &other}) {
      if (each->sound.fault == Fault::none) each->sound.fault = Fault::content;
    }
    one.sound.columns = other.sound.columns =
        differing_fields(one.row->text.value_or("{}"), other.row->text.value_or("{}"));
    return true;
  }

  // As the mender will see it. Where the other side shows no row here it may hold one at another time: that is looked
  // for when it is put right.
  [[nodiscard]] std::optional<LeftWhy> why_hopeless(const Pair<Copies>& copies, std::size_t side) const {
    if (unlike_) return LeftWhy::unlike;
    const Copies& here = copies[side];
    const auto renamed = [](const Judged& each) { return each.sound.fault == Fault::renamed; };
    const bool none_sound = sound_one(here) == nullptr && sound_one(copies[1 - side]) == nullptr;
    if (none_sound && !std::ranges::all_of(here, renamed)) {
      return copies[1 - side].empty() ? std::nullopt : std::optional(LeftWhy::unsound);
    }
    const bool all_timed = std::ranges::all_of(here, [](const Judged& each) { return each.row->event_at.has_value(); });
    return all_timed ? std::nullopt : std::optional(LeftWhy::timeless);
  }

  // Against a sound row; where both sides were changed, against what the other has now.
  static void name_columns(Judged& changed, const Pair<Copies>& copies) {
    if (!changed.sound.columns.empty()) return;
    for (const Copies& side : copies) {
      const StoredEvent* sound = sound_one(side);
      if (sound == nullptr) continue;
      changed.sound.columns = differing_fields(*changed.row->text, *sound->text);
      return;
    }
    for (const Copies& side : copies) {
      for (const Judged& other : side) {
        if (&other == &changed || !other.row->text) continue;
        changed.sound.columns = differing_fields(*changed.row->text, *other.row->text);
        if (!changed.sound.columns.empty()) return;
      }
    }
  }

  const Pair<std::string>& targets_;
  const bool ids_from_content_;
  bool unlike_ = false;  // the present ones
};

}  // namespace

std::vector<Finding> changed_rows(const Pair<std::vector<StoredEvent>>& rows, const Pair<std::string>& targets,
                                  bool ids_from_content) {
  std::map<std::string_view, Pair<Copies>> by_id;
  for (std::size_t side = 0; side < rows.size(); ++side) {
    for (const StoredEvent& row : rows[side]) {
      by_id[row.id][side].push_back({&row, soundness_of(row, ids_from_content)});
    }
  }
  Judge judge(targets, ids_from_content);
  for (auto& [id, copies] : by_id) judge.judge(copies);
  return std::move(judge.found);
}

}  // namespace twinshift::proof
