#include "proof/parity.hpp"

#include <gtest/gtest.h>

namespace twinshift::proof {
namespace {

using namespace std::chrono_literals;

constexpr base::WallTime kNoon{std::chrono::hours(480'012)};

Audit audit(base::WallTime begun, AuditVerdict verdict, std::uint64_t quarantined = 0) {
  return {.begun = begun, .verdict = verdict, .quarantined = quarantined, .found = {}};
}

TEST(Parity, IsUnknownBeforeAnAuditHasComeOutEqual) {
  Parity parity;
  EXPECT_FALSE(parity.state({}).up_to);
  parity.add(audit(kNoon, AuditVerdict::different));
  EXPECT_FALSE(parity.state({}).up_to);
  EXPECT_EQ(parity.state({}).last->verdict, AuditVerdict::different);
}

TEST(Parity, IsTheOldestDebtCappedByTheLastEqualAudit) {
  Parity parity;
  parity.add(audit(kNoon, AuditVerdict::equal));
  EXPECT_EQ(parity.state({}).up_to, kNoon);
  EXPECT_EQ(parity.state({.arrived = kNoon - 3h}).up_to, kNoon - 3h);
  EXPECT_EQ(parity.state({.arrived = kNoon + 1s}).up_to, kNoon);
}

TEST(Parity, StaysWhereItIsWhileAuditsFindDifferencesOrCannotTell) {
  Parity parity;
  parity.add(audit(kNoon, AuditVerdict::equal));
  parity.add(audit(kNoon + 1h, AuditVerdict::undecided));
  parity.add(audit(kNoon + 2h, AuditVerdict::different));
  EXPECT_EQ(parity.state({}).up_to, kNoon);
  parity.add(audit(kNoon + 3h, AuditVerdict::equal));
  EXPECT_EQ(parity.state({}).up_to, kNoon + 3h);
}

TEST(Parity, AQuarantineOnOneSideIsNamedAndStallsNothing) {
  Parity parity;
  parity.add(audit(kNoon, AuditVerdict::equal, 7));
  EXPECT_EQ(parity.state({}).up_to, kNoon);
  EXPECT_EQ(parity.state({}).except, 7U);
}

TEST(Parity, WhatAnotherInstanceOwesHoldsItBack) {
  Parity parity;
  Audit found = audit(kNoon, AuditVerdict::equal);
  found.others_oldest = kNoon - 5h;
  parity.add(found);
  EXPECT_EQ(parity.state({}).up_to, kNoon - 5h);
}

TEST(Parity, StaysWhereItIsWhileTheOldestDebtIsNotKnown) {
  Parity parity;
  parity.add(audit(kNoon, AuditVerdict::equal));
  EXPECT_FALSE(parity.state({.known = false}).up_to) << "nothing was ever known";
  EXPECT_EQ(parity.state({.arrived = kNoon - 3h}).up_to, kNoon - 3h);
  parity.add(audit(kNoon + 1h, AuditVerdict::equal));
  EXPECT_EQ(parity.state({.known = false}).up_to, kNoon - 3h);
  EXPECT_EQ(parity.state({}).up_to, kNoon + 1h);
}

TEST(Parity, OutlivesTheProcess) {
  Parity parity;
  parity.restore({.equal_at = kNoon, .up_to = kNoon - 2h, .others_oldest = kNoon - 30min, .except = 2});
  EXPECT_EQ(parity.state({.known = false}).up_to, kNoon - 2h) << "as it was";
  EXPECT_EQ(parity.state({}).up_to, kNoon - 30min) << "what another owed then it may owe still";
  EXPECT_EQ(parity.state({.arrived = kNoon - 1h}).up_to, kNoon - 1h);
  EXPECT_EQ(parity.state({}).except, 2U);
  EXPECT_FALSE(parity.state({}).last);
}

}  // namespace
}  // namespace twinshift::proof
