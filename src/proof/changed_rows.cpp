#include "proof/changed_rows.hpp"

#include <map>
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

Finding finding_of(const Judged& judged, const std::string& target) {
  return {.kind = judged.sound.fault == Fault::no_id ? FindingKind::foreign : FindingKind::changed,
          .target = target,
          .id = judged.row->id,
          .event_at = judged.row->event_at.value_or(base::WallTime{}),
          .received_at = judged.row->received_at.value_or(base::WallTime{}),
          .copies = 1,
          .column = judged.sound.columns,
          .content_id = judged.sound.fault == Fault::renamed ? judged.sound.content_id : std::string()};
}

const StoredEvent* sound_one(const Copies& copies) {
  for (const Judged& each : copies) {
    if (each.sound.fault == Fault::none || each.sound.fault == Fault::column) return each.row;
  }
  return nullptr;
}

class Judge {
 public:
  Judge(const Pair<std::string>& targets, bool ids_from_content)
      : targets_(targets), ids_from_content_(ids_from_content) {}

  void judge(Pair<Copies>& copies) {
    if (!ids_from_content_) mark_unlike(copies);
    for (std::size_t side = 0; side < copies.size(); ++side) {
      for (Judged& each : copies[side]) {
        if (each.sound.fault == Fault::none) continue;
        if (each.sound.fault == Fault::content) name_columns(each, copies);
        found.push_back(finding_of(each, targets_[side]));
      }
    }
  }

  std::vector<Finding> found;

 private:
  // With minted ids nobody can say which of two different copies is the event.
  static void mark_unlike(Pair<Copies>& copies) {
    if (copies[0].empty() || copies[1].empty()) return;
    Judged& one = copies[0].front();
    Judged& other = copies[1].front();
    if (one.sound.content_id == other.sound.content_id) return;
    for (Judged* each : {&one, &other}) {
      if (each->sound.fault == Fault::none) each->sound.fault = Fault::content;
    }
    one.sound.columns = other.sound.columns =
        differing_fields(one.row->text.value_or("{}"), other.row->text.value_or("{}"));
  }

  static void name_columns(Judged& changed, const Pair<Copies>& copies) {
    if (!changed.sound.columns.empty()) return;
    for (const Copies& side : copies) {
      const StoredEvent* sound = sound_one(side);
      if (sound == nullptr) continue;
      changed.sound.columns = differing_fields(*changed.row->text, *sound->text);
      return;
    }
  }

  const Pair<std::string>& targets_;
  const bool ids_from_content_;
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
