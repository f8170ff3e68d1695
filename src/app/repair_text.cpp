#include "app/repair_text.hpp"

#include <string_view>

#include <fmt/format.h>

#include "app/terminal_text.hpp"
#include "base/json_text.hpp"
#include "base/time_text.hpp"

namespace twinshift::app {
namespace {

using proof::MendKind;

// An id is 32 digits; what somebody else has put there may be anything.
constexpr std::size_t kIdBytesShown = 64;
const std::array<std::string_view, 2> kTargets{"primary", "secondary"};

}  // namespace

const char* remedy_text(const proof::Finding& finding) {
  if (finding.goes) return "remove";
  const auto remedy = proof::remedy_of(finding);
  if (!remedy) return "leave";
  return *remedy == MendKind::copy ? "copy" : "replace";
}

std::string plan_as_text(const proof::Finding& finding) {
  return fmt::format("{:<8} {}", remedy_text(finding), finding_as_text(finding)) +
         (finding.hopeless ? "  (" + std::string(to_string(*finding.hopeless)) + ')' : "");
}

std::string plan_as_json(const proof::Finding& finding) {
  std::string text = finding_as_json(finding);
  text.pop_back();
  text += fmt::format(",\"remedy\":\"{}\"", remedy_text(finding));
  if (finding.hopeless) text += fmt::format(",\"why\":\"{}\"", to_string(*finding.hopeless));
  return text + '}';
}

std::string left_as_text(const std::string& target, const proof::LeftEvent& left, const ByHand& by_hand) {
  const std::string detail = left.detail.empty() ? "" : " (" + printable(left.detail) + ')';
  const std::string id = left.id.empty() ? "(no event_id)" : printable(shortened(left.id, kIdBytesShown));
  std::string text = fmt::format("left     {:<9} {}  {}{}", target, id, to_string(left.why), detail);
  if (!by_hand.statement.empty()) {
    text += fmt::format("\n         look: {}\n         then: {}", by_hand.look, by_hand.statement);
  }
  return text;
}

std::string left_as_json(const std::string& target, const proof::LeftEvent& left, const ByHand& by_hand) {
  std::string text = fmt::format("{{\"target\":{},\"eventId\":{},\"why\":\"{}\"", base::json_string(target),
                                 base::json_string(shortened(left.id, kIdBytesShown)), to_string(left.why));
  if (!left.detail.empty()) text += ",\"detail\":" + base::json_string(left.detail);
  if (!by_hand.statement.empty()) {
    text += fmt::format(",\"look\":{},\"byHand\":{}", base::json_string(by_hand.look),
                        base::json_string(by_hand.statement));
  }
  return text + '}';
}

std::string looked_again_text(const std::optional<proof::Span>& touched, bool timeless) {
  std::string text = "looked again";
  if (touched) {
    text += fmt::format(" from {} to {}", base::sql_timestamp(touched->from), base::sql_timestamp(touched->to));
  }
  if (timeless) text += std::string(touched ? " and" : "") + " at what has no event_at that can be read";
  return text;
}

void PlanCounts::add(const proof::Finding& finding) {
  const auto remedy = proof::remedy_of(finding);
  const std::size_t side = finding.target == kTargets[0] ? 0 : 1;
  if (remedy == MendKind::copy) {
    ++copies_[side];
    return;
  }
  // What is doubled and changed is found as both, and is one event to whoever puts it right.
  const char* const text = remedy_text(finding);
  if (ids_.size() < kPlanIdsMax && !ids_.emplace(text, finding.target, finding.id).second) return;
  ++(remedy ? replaced_[side] : finding.goes ? removed_[side] : left_);
}

std::string PlanCounts::text() const {
  std::string text;
  for (std::size_t side = 0; side < kTargets.size(); ++side) {
    if (copies_[side] > 0) {
      text += fmt::format("{}copy {} to {}", text.empty() ? "" : ", ", copies_[side], kTargets[side]);
    }
    if (replaced_[side] > 0) {
      text += fmt::format("{}replace {} in {}", text.empty() ? "" : ", ", replaced_[side], kTargets[side]);
    }
  }
  for (std::size_t side = 0; side < kTargets.size(); ++side) {
    if (removed_[side] == 0) continue;
    text += fmt::format("{}remove {} from {}", text.empty() ? "" : ", ", removed_[side], kTargets[side]);
  }
  if (left_ > 0) text += fmt::format("{}leave {}", text.empty() ? "" : ", ", left_);
  return text.empty() ? "nothing is to be done" : text;
}

std::string receipt_as_text(const std::string& target, const proof::Receipt& receipt) {
  std::string text =
      fmt::format("{}: {} copied, {} replaced, {} surplus rows removed, {} already in order, {} left", target,
                  receipt.copied, receipt.replaced, receipt.surplus, receipt.in_order, receipt.left);
  if (receipt.batches > 0) {
    text += fmt::format("; {} batches, {} to {}", receipt.batches, receipt.first_batch, receipt.last_batch);
  }
  return text;
}

std::string receipt_as_json(const proof::Receipt& receipt) {
  return fmt::format(
      "{{\"copied\":{},\"replaced\":{},\"surplusRowsRemoved\":{},\"inOrder\":{},\"left\":{},\"batches\":{},"
      "\"firstBatch\":{},\"lastBatch\":{}}}",
      receipt.copied, receipt.replaced, receipt.surplus, receipt.in_order, receipt.left, receipt.batches,
      base::json_string(receipt.first_batch), base::json_string(receipt.last_batch));
}

}  // namespace twinshift::app
