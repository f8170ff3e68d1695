#include "aws/refresh_plan.hpp"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.hpp"

namespace twinshift::aws {
namespace {

using base::ErrorKind;
using Need = RefreshPlan::Need;
using std::chrono::minutes;
using std::chrono::seconds;

class Plan : public testing::Test {
 protected:
  [[nodiscard]] RefreshPlan::Now now() const { return {clock_.now(), clock_.steady()}; }
  [[nodiscard]] Credentials ending_in(std::optional<minutes> left, std::string id = "A") const {
    Credentials out{
        .access_key_id = std::move(id), .secret_access_key = "s", .session_token = {}, .expires_at = {}, .source = "t"};
    if (left) out.expires_at = clock_.now() + *left;
    return out;
  }
  bool got(std::optional<minutes> left, bool keeps_expired = false, std::string id = "A") {
    return plan_.got(ending_in(left, std::move(id)), keeps_expired, now());
  }
  bool failed(std::string message = "no") {
    return plan_.failed({.kind = ErrorKind::unavailable, .message = std::move(message), .where = {}, .hint = {}},
                        now());
  }
  Need need_after(std::chrono::microseconds by) {
    clock_.advance(by);
    return plan_.need(now());
  }

  tests::ManualClock clock_;
  RefreshPlan plan_{7};
};

TEST_F(Plan, FetchesFirstAndThenKeepsWhatHasNoEnd) {
  EXPECT_EQ(plan_.need(now()), Need::now);
  EXPECT_FALSE(plan_.best(now()));
  EXPECT_FALSE(got(std::nullopt));
  EXPECT_EQ(need_after(std::chrono::hours(10'000)), Need::none);
  EXPECT_EQ(plan_.best(now())->access_key_id, "A");
}

TEST_F(Plan, FetchesBesideAndThenBeforeTheCallers) {
  got(minutes(60));
  EXPECT_EQ(need_after(minutes(45) - seconds(1)), Need::none);
  EXPECT_EQ(need_after(seconds(1)), Need::soon);
  EXPECT_EQ(need_after(minutes(5) - seconds(1)), Need::soon);
  EXPECT_EQ(need_after(seconds(1)), Need::now);
}

TEST_F(Plan, KeepsTheOldOnesUntilTheirEndWhereFetchingFails) {
  got(minutes(60));
  clock_.advance(minutes(55));
  EXPECT_TRUE(failed());
  EXPECT_EQ(plan_.need(now()), Need::none);
  EXPECT_TRUE(plan_.best(now()));
  EXPECT_EQ(need_after(kFetchBackoff.first), Need::now);
  EXPECT_FALSE(failed());  // not the first in a row
  clock_.advance(minutes(5));
  EXPECT_FALSE(failed("gone"));
  EXPECT_EQ(plan_.best(now()).error().message, "gone");
  got(minutes(60));
  EXPECT_TRUE(plan_.best(now()));
  clock_.advance(minutes(50));
  EXPECT_TRUE(failed());
}

TEST_F(Plan, WaitsLongerAfterEachFailureUpToABound) {
  for (int i = 0; i < 20; ++i) failed();
  EXPECT_EQ(need_after(kFetchBackoff.most / 2 - seconds(1)), Need::none);
  EXPECT_EQ(need_after(kFetchBackoff.most / 2 + seconds(1)), Need::now);
}

TEST_F(Plan, UsesWhatItJustGotWhateverOurClockSays) {
  EXPECT_TRUE(got(minutes(-30)));
  EXPECT_EQ(plan_.need(now()), Need::none);
  EXPECT_TRUE(plan_.best(now()));
  EXPECT_EQ(need_after(kFetchEvery), Need::now);
  EXPECT_FALSE(got(minutes(-30)));  // said once
  clock_.advance(kFetchEvery);
  failed();
  EXPECT_FALSE(plan_.best(now()));
  got(minutes(60));
  EXPECT_TRUE(got(minutes(-30)));
}

TEST_F(Plan, KeepsExpiredOnesOfASourceThatSaysSo) {
  EXPECT_TRUE(got(minutes(-30), true));
  EXPECT_EQ(need_after(kStaleEvery + kStaleJitterLeast - seconds(1)), Need::none);
  EXPECT_EQ(need_after(kStaleJitterMost - kStaleJitterLeast + seconds(1)), Need::now);
  EXPECT_TRUE(failed());
  EXPECT_TRUE(plan_.best(now()));
}

TEST_F(Plan, FetchesAnewWhatIsRefusedButNotEachTime) {
  got(std::nullopt);
  plan_.refused(ending_in(std::nullopt));
  EXPECT_EQ(plan_.need(now()), Need::none);
  EXPECT_EQ(need_after(kFetchEvery), Need::now);
  got(std::nullopt);
  EXPECT_EQ(need_after(kFetchEvery), Need::none);
  plan_.refused(ending_in(std::nullopt));
  EXPECT_EQ(plan_.need(now()), Need::now);
  failed();
  EXPECT_TRUE(plan_.best(now()));  // the other side will say again what it holds against them
}

TEST_F(Plan, ARefusalComesBeforeTheLongWaitForOldOnes) {
  got(minutes(-30), true);
  plan_.refused(ending_in(std::nullopt));
  EXPECT_EQ(need_after(kFetchEvery), Need::now);
}

TEST_F(Plan, ARefusalOfThoseBeforeSaysNothing) {
  got(std::nullopt);
  plan_.refused(ending_in(std::nullopt, "B"));
  EXPECT_EQ(need_after(kFetchEvery), Need::none);
}

}  // namespace
}  // namespace twinshift::aws
