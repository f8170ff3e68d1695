// What becomes of rows that stand several times where none of them is the event that its id names.
#include <gmock/gmock.h>

#include "proof/repairer_fixture.hpp"

namespace twinshift::proof {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class DoublesTest : public RepairerTest {
 protected:
  // As SecondLook tells them: without the deep look, which names each row besides.
  std::vector<std::string> found() {
    std::vector<std::string> texts;
    for (const Finding& each : findings) {
      texts.push_back(std::string(to_string(each.kind)) + ' ' + each.target + ' ' + each.id);
    }
    return texts;
  }
  static std::ptrdiff_t standing(const FakeTable& table, const std::string& id) {
    return std::ranges::count(table.rows_there, id, &StoredEvent::id);
  }
  static void doubles(FakeTable& table, int number) { table.rows_there.push_back(StoredEvent(row(table, number))); }
};

TEST_F(DoublesTest, AForeignRowIsNamedWhereItStandsTwiceAndLeftWithItsReason) {
  fill(10);
  StoredEvent foreign = row(world.secondary, 3);
  foreign.id = "foreign";
  foreign.key = 7;
  for (int i = 0; i < 2; ++i) world.secondary.rows_there.push_back(foreign);
  ASSERT_TRUE(repair());
  EXPECT_THAT(found(), UnorderedElementsAre("foreign secondary foreign", "doubled secondary foreign"));
  EXPECT_THAT(left, ElementsAre("secondary foreign " + std::string(to_string(LeftWhy::foreign))));
  EXPECT_EQ(receipts[1].left, 1U);
  EXPECT_EQ(standing(world.secondary, "foreign"), 2);
}

TEST_F(DoublesTest, TheSideThatHoldsAForeignRowOnceIsNotNamedBecauseTheOtherDoubledIt) {
  fill(10);
  StoredEvent foreign = row(world.secondary, 3);
  foreign.id = "foreign";
  foreign.key = 7;
  world.primary.rows_there.push_back(foreign);
  for (int i = 0; i < 2; ++i) world.secondary.rows_there.push_back(foreign);
  ASSERT_TRUE(compare(nullptr, true));
  EXPECT_THAT(found(), UnorderedElementsAre("foreign secondary foreign", "doubled secondary foreign"));
}

TEST_F(DoublesTest, RowsChangedAlikeAreLeftForAPerson) {
  fill(10);
  row(world.secondary, 3).text = event_of(3, "changed")->json;
  row(world.primary, 3).text = event_of(3, "otherwise")->json;
  doubles(world.secondary, 3);
  ASSERT_TRUE(repair());
  const std::string id = event_of(3)->id.hex();
  EXPECT_EQ(standing(world.secondary, id), 2) << "no row that tells another event is written";
  EXPECT_THAT(left, ::testing::Contains("secondary " + id + ' ' + std::string(to_string(LeftWhy::several))));
}

TEST_F(DoublesTest, ASoundRowElsewhereAtAnotherTimeTakesTheirPlace) {
  fill(10);
  row(world.secondary, 3).text = event_of(3, "changed")->json;
  doubles(world.secondary, 3);
  row(world.primary, 3).event_at = *row(world.primary, 3).event_at + std::chrono::hours(5);
  ASSERT_TRUE(repair());
  ASSERT_TRUE(compare(nullptr));
  EXPECT_THAT(findings, IsEmpty());
  EXPECT_EQ(ids(world.secondary), ids(world.primary));
}

TEST_F(DoublesTest, RowsThatDifferAreLeftWithTheirReason) {
  fill(10);
  row(world.secondary, 3).text = event_of(3, "changed")->json;
  doubles(world.secondary, 3);
  row(world.secondary, 3).text = event_of(3, "otherwise")->json;
  row(world.primary, 3).text = event_of(3, "again otherwise")->json;
  ASSERT_TRUE(repair());
  const std::string id = event_of(3)->id.hex();
  EXPECT_THAT(left, ::testing::Contains("secondary " + id + ' ' + std::string(to_string(LeftWhy::several))));
  EXPECT_EQ(standing(world.secondary, id), 2);
}

}  // namespace
}  // namespace twinshift::proof
