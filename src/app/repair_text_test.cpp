#include "app/repair_text.hpp"

#include <gtest/gtest.h>

namespace twinshift::app {
namespace {

using proof::Finding;
using proof::FindingKind;

Finding finding(FindingKind kind, const std::string& target) {
  return {.kind = kind,
          .target = target,
          .id = "0123456789abcdef0123456789abcdef",
          .event_at = {},
          .received_at = {},
          .copies = 0,
          .column = {},
          .content_id = {}};
}

TEST(RepairText, EachFindingHasItsRemedy) {
  const auto remedy = [](FindingKind kind) { return remedy_text(finding(kind, "primary")); };
  EXPECT_STREQ(remedy(FindingKind::missing), "copy");
  EXPECT_STREQ(remedy(FindingKind::doubled), "replace");
  EXPECT_STREQ(remedy(FindingKind::changed), "replace");
  for (const auto kind :
       {FindingKind::foreign, FindingKind::erased, FindingKind::quarantined, FindingKind::undecided}) {
    EXPECT_STREQ(remedy(kind), "leave");
  }
  EXPECT_TRUE(plan_as_text(finding(FindingKind::missing, "primary")).starts_with("copy     missing     primary"));
  EXPECT_TRUE(plan_as_json(finding(FindingKind::doubled, "primary")).ends_with(",\"remedy\":\"replace\"}"));
}

TEST(RepairText, ThePlanIsCountedByTarget) {
  PlanCounts plan;
  EXPECT_EQ(plan.text(), "nothing is to be done");
  plan.add(finding(FindingKind::quarantined, "secondary"));
  EXPECT_TRUE(plan.empty());
  for (const char* target : {"secondary", "primary", "secondary"}) plan.add(finding(FindingKind::missing, target));
  plan.add(finding(FindingKind::changed, "primary"));
  EXPECT_EQ(plan.text(), "copy 1 to primary, replace 1 in primary, copy 2 to secondary, leave 1");
}

TEST(RepairText, ThePlanDoesNotPromiseWhatIsHopelessAlready) {
  Finding hopeless = finding(FindingKind::changed, "primary");
  hopeless.hopeless = proof::LeftWhy::timeless;
  hopeless.timeless = true;
  EXPECT_EQ(plan_as_text(hopeless),
            "leave    changed     primary   0123456789abcdef0123456789abcdef  event_at none  (a row of it has no "
            "event_at that can be read, so it cannot be replaced: give it one by hand)");
  EXPECT_TRUE(plan_as_json(hopeless).contains(R"("eventAt":null)"));
  EXPECT_TRUE(plan_as_json(hopeless).contains(R"("remedy":"leave","why":"a row of it has no)"));
  PlanCounts plan;
  plan.add(hopeless);
  EXPECT_TRUE(plan.empty());
  EXPECT_EQ(plan.text(), "leave 1");
}

TEST(RepairText, ThePlanCountsEventsAsTheReceiptDoes) {
  PlanCounts plan;
  for (const auto kind : {FindingKind::changed, FindingKind::changed, FindingKind::doubled}) {
    plan.add(finding(kind, "primary"));
  }
  EXPECT_EQ(plan.text(), "replace 1 in primary");
  for (const auto kind : {FindingKind::foreign, FindingKind::erased}) {
    Finding each = finding(kind, "primary");
    each.id = to_string(kind);
    plan.add(each);
  }
  EXPECT_EQ(plan.text(), "replace 1 in primary, leave 2");
}

TEST(RepairText, WhatOnlyTheOtherTargetHasNotedAsErasedGoesWithTheLists) {
  Finding erased = finding(FindingKind::erased, "secondary");
  erased.goes = true;
  EXPECT_STREQ(remedy_text(erased), "remove");
  PlanCounts plan;
  plan.add(erased);
  EXPECT_FALSE(plan.empty());
  EXPECT_EQ(plan.text(), "remove 1 from secondary");
}

TEST(RepairText, WhatIsLeftComesWithWhatAPersonMayRun) {
  const proof::LeftEvent left{"x", proof::LeftWhy::foreign, {}};
  const ByHand hand{"SELECT 1", "DELETE 1"};
  EXPECT_TRUE(left_as_text("primary", left, hand).ends_with("\n         look: SELECT 1\n         then: DELETE 1"));
  EXPECT_TRUE(left_as_json("primary", left, hand).contains(R"("look":"SELECT 1","byHand":"DELETE 1")"));
  EXPECT_FALSE(left_as_text("primary", left).contains("look"));
}

TEST(RepairText, WhatHasNoTimeIsNotLookedAtIn1970) {
  const proof::Span noon{base::WallTime{std::chrono::seconds(1'704'110'400)},
                         base::WallTime{std::chrono::seconds(1'704'110'401)}};
  EXPECT_EQ(looked_again_text(noon, false), "looked again from 2024-01-01 12:00:00 to 2024-01-01 12:00:01");
  EXPECT_EQ(looked_again_text(std::nullopt, true), "looked again at what has no event_at that can be read");
  EXPECT_EQ(looked_again_text(noon, true),
            "looked again from 2024-01-01 12:00:00 to 2024-01-01 12:00:01 and at what has no event_at that can be "
            "read");
}

TEST(RepairText, AReceiptNamesItsBatches) {
  proof::Receipt receipt{.copied = 12, .surplus = 4, .left = 1, .batches = 2};
  receipt.first_batch = "mend-a";
  receipt.last_batch = "mend-b";
  EXPECT_EQ(
      receipt_as_text("secondary", receipt),
      "secondary: 12 copied, 0 replaced, 4 surplus rows removed, 0 already in order, 1 left; 2 batches, mend-a to "
      "mend-b");
  EXPECT_EQ(receipt_as_text("primary", {}),
            "primary: 0 copied, 0 replaced, 0 surplus rows removed, 0 already in order, 0 left");
}

TEST(RepairText, WhatIsLeftSaysWhy) {
  EXPECT_EQ(left_as_text("primary", {"id", proof::LeftWhy::refused, "campaign:22001"}),
            "left     primary   id  the target refuses it (campaign:22001)");
  EXPECT_EQ(left_as_json("primary", {"id", proof::LeftWhy::gone, ""}),
            R"({"target":"primary","eventId":"id","why":"it stands there no more"})");
}

}  // namespace
}  // namespace twinshift::app
