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
  EXPECT_STREQ(remedy_text(FindingKind::missing), "copy");
  EXPECT_STREQ(remedy_text(FindingKind::doubled), "replace");
  EXPECT_STREQ(remedy_text(FindingKind::changed), "replace");
  for (const auto kind : {FindingKind::foreign, FindingKind::quarantined, FindingKind::undecided}) {
    EXPECT_STREQ(remedy_text(kind), "leave");
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
  EXPECT_EQ(plan.text(), "copy 1 to primary, replace 1 in primary, copy 2 to secondary");
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
