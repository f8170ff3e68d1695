// What a comparison found, id by id.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "proof/digest.hpp"
#include "proof/mend.hpp"

namespace twinshift::proof {

enum class FindingKind : std::uint8_t {
  missing,      // stands on the other side, not here, and nobody owes it
  doubled,      // stands here more than once
  changed,      // stands here, but is no longer the event that was written
  foreign,      // a row whose event_id is none
  erased,       // stands here, though a target has noted it as erased: somebody has put it back
  quarantined,  // not here because this target refused it: it waits in the quarantine
  // Not here, and somebody who cannot say which events may owe it; or it differs, and nothing that was looked at says
  // how.
  undecided,
};
constexpr std::string_view to_string(FindingKind kind) {
  switch (kind) {
    case FindingKind::missing:
      return "missing";
    case FindingKind::doubled:
      return "doubled";
    case FindingKind::changed:
      return "changed";
    case FindingKind::foreign:
      return "foreign";
    case FindingKind::erased:
      return "erased";
    case FindingKind::quarantined:
      return "quarantined";
    case FindingKind::undecided:
      return "undecided";
  }
  return "unknown";
}

struct Finding {
  FindingKind kind = FindingKind::missing;
  std::string target{};  // where it is so
  std::string id{};
  base::WallTime event_at{};     // 1970 where the row has none
  bool timeless = false;         // it has none that can be read
  base::WallTime received_at{};  // of the copy that stands; 1970 where that does not say
  std::int64_t copies = 0;       // that stand there
  std::string column{};          // of `changed`: which columns differ, by comma, as far as that can be known
  std::string content_id{};      // of `changed` whose event_id was: the id of the event that the row tells
  // Of `changed`: the row tells another event than its id names, or none, so that nothing can be copied from it.
  bool unsound = false;
  // Why nobody can put it right, where what was compared shows it already.
  std::optional<LeftWhy> hopeless{};
  // Of `undecided`: other instances have at least as many events of its hour of arrival in the quarantine of this
  // target alone as are missing, so that it may well be one of them.
  bool perhaps_refused = false;
  // Of `erased`: only the other target has noted it, so that `repair --apply` removes it with making the lists the
  // same.
  bool goes = false;
  std::optional<Span> window{};  // of `undecided` without an id: where the sums differ and no row says why
};

}  // namespace twinshift::proof
