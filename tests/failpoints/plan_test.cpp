#include "tests/failpoints/plan.hpp"

#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/failpoints/points.hpp"

namespace twinshift::failpoints {
namespace {

using base::Failpoint;
using testing::HasSubstr;

TEST(Points, EachNameAndMeaningIsThereOnceAndStandsAtItsValue) {
  std::set<std::string_view> names, meanings;
  for (std::size_t i = 0; i < all_points().size(); ++i) {
    const Point& each = all_points()[i];
    EXPECT_EQ(static_cast<std::size_t>(each.point), i);
    EXPECT_TRUE(names.insert(each.name).second) << each.name;
    EXPECT_FALSE(each.meaning.empty()) << each.name;
    ASSERT_TRUE(find_point(each.name));
    EXPECT_EQ(find_point(each.name)->point, each.point);
  }
  EXPECT_FALSE(find_point("delivery.writte"));
}

TEST(Plan, OrdersAtTheNamedPassingOnce) {
  auto plan = Plan::parse("delivery.written=kill@3, delivery.received=kill");
  ASSERT_TRUE(plan) << plan.error().text();
  EXPECT_EQ(plan->pass(Failpoint::delivery_written), nullptr);
  EXPECT_EQ(plan->pass(Failpoint::delivery_parked), nullptr);
  EXPECT_EQ(plan->pass(Failpoint::delivery_written), nullptr);
  const Order* third = plan->pass(Failpoint::delivery_written);
  ASSERT_NE(third, nullptr);
  EXPECT_EQ(third->action, Action::kill);
  EXPECT_EQ(plan->pass(Failpoint::delivery_written), nullptr);
  EXPECT_NE(plan->pass(Failpoint::delivery_received), nullptr);
  EXPECT_EQ(plan->pass(Failpoint::delivery_received), nullptr);
}

TEST(Plan, PausesFromThatPassingOn) {
  auto plan = Plan::parse("\n delivery.written=pause@2\n");
  ASSERT_TRUE(plan) << plan.error().text();
  EXPECT_TRUE(plan->pauses(Failpoint::delivery_written));
  EXPECT_FALSE(plan->pauses(Failpoint::delivery_received));
  EXPECT_EQ(plan->pass(Failpoint::delivery_written), nullptr);
  EXPECT_NE(plan->pass(Failpoint::delivery_written), nullptr);
  EXPECT_NE(plan->pass(Failpoint::delivery_written), nullptr);
}

TEST(Plan, AnEmptyTextOrdersNothing) {
  for (const char* text : {"", " \n", ",,"}) {
    auto plan = Plan::parse(text);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->pass(Failpoint::delivery_written), nullptr);
  }
}

TEST(Plan, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"delivery.written", "not NAME=ACTION"},
      {"delivery.writen=kill", "no failpoint of that name"},
      {"delivery.written=die", "the actions are"},
      {"delivery.written=kill@", "a whole number from 1"},
      {"delivery.written=kill@0", "a whole number from 1"},
      {"delivery.written=kill@2x", "a whole number from 1"},
      {"delivery.written=kill@-1", "a whole number from 1"},
      {"delivery.written=kill@99999999999999999999", "a whole number from 1"},
      {"delivery.written=error", "cannot do that"},
      {"delivery.written=drop", "cannot do that"},
      {"warehouse.sqlite.after_commit=drop", "cannot do that"},
      {"delivery.written=kill delivery.written=pause", "ordered twice"},
  };
  for (const auto& [text, why] : cases) {
    auto plan = Plan::parse(text);
    ASSERT_FALSE(plan) << text;
    EXPECT_EQ(plan.error().kind, base::ErrorKind::invalid);
    EXPECT_THAT(plan.error().message, HasSubstr(why)) << text;
  }
  EXPECT_TRUE(Plan::parse("warehouse.sqlite.after_commit=error,delivery.drop_parked=drop"));
}

// This program links ts_base's own definition, as `twinshift` does.
TEST(Failpoint, DoesNothingInTheProgramsThatPeopleRun) {
  ASSERT_EQ(setenv("TWINSHIFT_FAILPOINTS", "delivery.drop_parked=drop", 1), 0);
  EXPECT_FALSE(base::failpoint_drops(Failpoint::delivery_drop_parked));
  EXPECT_FALSE(base::failpoint_fails(Failpoint::warehouse_sqlite_after_commit));
  unsetenv("TWINSHIFT_FAILPOINTS");
}

}  // namespace
}  // namespace twinshift::failpoints
