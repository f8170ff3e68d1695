// Rows that somebody has moved: an event then stands at another time than its own, or at several.
#include <gmock/gmock.h>

#include "proof/repairer_fixture.hpp"

namespace twinshift::proof {
namespace {

using ::testing::IsEmpty;

// Found by the simulator: once it had been put right it was looked for at the time that it bore before, and left.
TEST_F(RepairerTest, AMovedRowIsPutRightAndCopiedToTheSideThatLacksItInOneRun) {
  fill(20);
  row(world.primary, 7).event_at = *row(world.primary, 7).event_at + std::chrono::hours(3);
  loses(world.secondary, 7);
  StoredEvent moved = row(world.secondary, 8);
  moved.event_at = *moved.event_at + std::chrono::hours(3);
  row(world.secondary, 8).text = event_of(8, "changed")->json;
  world.secondary.rows_there.push_back(moved);
  loses(world.primary, 8);
  ASSERT_TRUE(repair());
  EXPECT_THAT(left, IsEmpty());
  EXPECT_EQ(ids(world.secondary), ids(world.primary));
  ASSERT_TRUE(compare(nullptr));
  EXPECT_THAT(findings, IsEmpty());
}

// Found by the simulator: of two findings of one event, at two times, only the first was looked at.
TEST_F(RepairerTest, RowsOfOneEventAtItsTimeAndAtAnotherAreOneAgainInOneRun) {
  fill(20);
  for (const auto off : {std::chrono::hours(-3), std::chrono::hours(3)}) {
    StoredEvent moved = row(world.primary, 5);
    moved.event_at = *moved.event_at + off;
    world.primary.rows_there.push_back(moved);
    world.primary.rows_there.push_back(moved);
  }
  ASSERT_TRUE(repair());
  EXPECT_EQ(ids(world.primary), ids(world.secondary));
  EXPECT_EQ(world.primary.rows_there.size(), 20U);
  ASSERT_TRUE(compare(nullptr));
  EXPECT_THAT(findings, IsEmpty());
}

}  // namespace
}  // namespace twinshift::proof
