// A repair for people and programs. Pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "app/by_hand.hpp"
#include "app/verify_text.hpp"
#include "proof/finding.hpp"
#include "proof/mend.hpp"
#include "proof/repairer.hpp"

namespace twinshift::app {

// "copy", "replace"; "leave" where nothing can be done about it.
const char* remedy_text(const proof::Finding& finding);
// "copy     missing     secondary 0123...  event_at ..."
std::string plan_as_text(const proof::Finding& finding);
std::string plan_as_json(const proof::Finding& finding);

// `by_hand`: what a person may run about it.
std::string left_as_text(const std::string& target, const proof::LeftEvent& left, const ByHand& by_hand = {});
std::string left_as_json(const std::string& target, const proof::LeftEvent& left, const ByHand& by_hand = {});

// Of what is left since no row tells the event that its id names, where the rows were not looked into: what finds out
// why.
inline constexpr const char* kLookDeeper =
    "left for what its rows tell: `twinshift repair --deep` looks into every row and says what was changed; with "
    "--apply it writes an event under its own id again where its event_id alone was changed";

// Where it was looked at once more: "looked again from 2026-01-14 23:58:53.625 to ...".
std::string looked_again_text(const std::optional<proof::Span>& touched, bool timeless);

// Events of a plan that are remembered, so that each counts once; beyond it each finding counts.
inline constexpr std::size_t kPlanIdsMax = 65'536;

// What is to be done, counted.
class PlanCounts {
 public:
  void add(const proof::Finding& finding);
  // Nothing that --apply would do.
  [[nodiscard]] bool empty() const {
    constexpr std::array<std::uint64_t, 2> kNone{};
    return copies_ == kNone && replaced_ == kNone && removed_ == kNone;
  }
  [[nodiscard]] bool copies() const { return copies_ != std::array<std::uint64_t, 2>{}; }
  // "copy 12 to secondary, replace 1 in primary, leave 1"; "nothing is to be done". Events, not findings.
  [[nodiscard]] std::string text() const;

 private:
  std::array<std::uint64_t, 2> copies_{};  // by target: primary, secondary
  std::array<std::uint64_t, 2> replaced_{};
  std::array<std::uint64_t, 2> removed_{};
  std::set<std::tuple<std::string, std::string, std::string>> ids_;  // remedy, target and id, but for copies
  std::uint64_t left_ = 0;
};

// "secondary: 12 copied, 3 replaced, 4 surplus rows removed, 1 already in order, 0 left; 3 batches, mend-... to
// mend-..."
std::string receipt_as_text(const std::string& target, const proof::Receipt& receipt);
// {"copied":12,...}
std::string receipt_as_json(const proof::Receipt& receipt);

}  // namespace twinshift::app
