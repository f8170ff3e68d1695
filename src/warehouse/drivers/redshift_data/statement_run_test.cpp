#include "warehouse/drivers/redshift_data/statement_run.hpp"

#include <gtest/gtest.h>

namespace twinshift::warehouse {
namespace {

using namespace std::chrono_literals;
using Do = StatementRun::Do;
using End = StatementRun::End;

class Run : public testing::Test {
 protected:
  Run() : run_(RunLimits{}, now_, now_ + 60s) {}

  // The next thing to do; pauses are passed over, and summed up.
  Do next() {
    for (;;) {
      const StatementRun::Next next = run_.next(now_);
      if (next.what != Do::pause) return next.what;
      EXPECT_GT(next.wait, 0ms);
      now_ += next.wait;
      paused_ += next.wait;
    }
  }
  void sent(std::chrono::milliseconds took, DataStatus status = DataStatus::running) {
    now_ += took;
    run_.sent(now_, took, status);
  }
  void looked(std::chrono::milliseconds took, DataStatus status) {
    now_ += took;
    run_.looked(now_, took, status);
  }
  void send_failed(CallTrouble trouble) { run_.send_failed(now_, trouble); }

  base::SteadyTime now_{1h};
  std::chrono::milliseconds paused_{0};
  StatementRun run_;
};

TEST_F(Run, TakesTwoCallsWhereTheServiceWaits) {
  ASSERT_EQ(next(), Do::send);
  EXPECT_EQ(run_.next(now_).wait, 20s);
  sent(400ms, DataStatus::finished);
  ASSERT_EQ(next(), Do::look);
  EXPECT_EQ(run_.next(now_).wait, 0ms);  // there is nothing to wait for
  looked(10ms, DataStatus::finished);
  EXPECT_EQ(next(), Do::end);
  EXPECT_EQ(run_.end(), End::finished);
  EXPECT_EQ(paused_, 0ms);
}

TEST_F(Run, AcceptedIsNotWritten) {
  next();
  sent(5ms, DataStatus::finished);
  EXPECT_NE(next(), Do::end);
  looked(5ms, DataStatus::failed);
  EXPECT_EQ(next(), Do::end);
  EXPECT_EQ(run_.end(), End::failed);
}

TEST_F(Run, LooksAtOnceAgainWhereTheLastLookWaited) {
  next();
  sent(30s);
  ASSERT_EQ(next(), Do::look);
  looked(25s, DataStatus::running);
  EXPECT_EQ(next(), Do::look);
  EXPECT_EQ(paused_, 0ms);
}

TEST_F(Run, LooksOftenAtFirstAndThenEveryTwoSecondsWhereNobodyWaits) {
  next();
  sent(5ms);
  ASSERT_EQ(next(), Do::look);
  EXPECT_EQ(paused_, 50ms);
  int looks = 0;
  for (; run_.next(now_).what != Do::cancel; ++looks) {
    if (next() != Do::look) break;
    paused_ = 0ms;
    looked(5ms, DataStatus::running);
    next();
    ASSERT_LE(paused_, 2s);
  }
  EXPECT_GT(looks, 25);
  EXPECT_LT(looks, 50);
}

TEST_F(Run, IsCancelledWhenItsTimeIsOverAndLookedAtUntilItsEnd) {
  next();
  sent(30s);
  while (next() == Do::look) looked(run_.next(now_).wait, DataStatus::running);
  ASSERT_EQ(next(), Do::cancel);
  run_.cancel_tried(now_);
  ASSERT_EQ(next(), Do::look);
  looked(20ms, DataStatus::aborted);
  EXPECT_EQ(next(), Do::end);
  EXPECT_EQ(run_.end(), End::timed_out);
}

TEST_F(Run, ACancelledStatementMayStillFinish) {
  next();
  sent(30s);
  while (next() == Do::look) looked(run_.next(now_).wait, DataStatus::running);
  run_.cancel_tried(now_);
  next();
  looked(20ms, DataStatus::finished);
  next();
  EXPECT_EQ(run_.end(), End::finished);
}

TEST_F(Run, WithoutAnEndAfterCancellationItIsUnknown) {
  next();
  sent(30s);
  while (next() == Do::look) looked(run_.next(now_).wait, DataStatus::running);
  run_.cancel_tried(now_);
  const base::SteadyTime cancelled = now_;
  for (int i = 0; next() == Do::look; ++i) {
    ASSERT_LT(i, 100);
    looked(run_.next(now_).wait, DataStatus::running);
  }
  EXPECT_EQ(next(), Do::end);
  EXPECT_EQ(run_.end(), End::unknown);
  EXPECT_LE(now_ - cancelled, 16s);
}

TEST_F(Run, AbortedBySomebodyElseIsNotATimeOut) {
  next();
  sent(5ms);
  next();
  looked(5ms, DataStatus::aborted);
  EXPECT_EQ(run_.end(), End::aborted);
}

TEST_F(Run, ThrottlesAreWaitedOutUntilTheDeadline) {
  int tries = 0;
  const base::SteadyTime begin = now_;
  for (; next() == Do::send; ++tries) {
    ASSERT_LT(tries, 100);
    send_failed(CallTrouble::throttled);
  }
  EXPECT_EQ(run_.end(), End::not_sent);
  EXPECT_GT(tries, 8);
  EXPECT_LE(now_ - begin, 60s);
}

TEST_F(Run, ALostAnswerIsAskedForAgainAndThenLeftUnknown) {
  int tries = 0;
  for (; next() == Do::send; ++tries) {
    ASSERT_LT(tries, 100);
    send_failed(CallTrouble::unsure);
  }
  EXPECT_EQ(tries, RunLimits{}.unsure_tries_max);
  EXPECT_EQ(run_.end(), End::unknown);
}

TEST_F(Run, ARefusalAfterALostAnswerLeavesItUnknown) {
  next();
  send_failed(CallTrouble::unsure);
  ASSERT_EQ(next(), Do::send);
  send_failed(CallTrouble::refused);
  EXPECT_EQ(next(), Do::end);
  EXPECT_EQ(run_.end(), End::unknown);
}

TEST_F(Run, WhatIsRefusedOrUnreachedAtFirstWasNotSent) {
  for (const CallTrouble trouble : {CallTrouble::refused, CallTrouble::unreached}) {
    run_ = StatementRun(RunLimits{}, now_, now_ + 60s);
    next();
    send_failed(trouble);
    EXPECT_EQ(next(), Do::end);
    EXPECT_EQ(run_.end(), End::not_sent);
  }
}

TEST_F(Run, LooksThatFailAreTriedUntilItsTimeIsOver) {
  next();
  sent(5ms);
  bool cancelled = false;
  for (int calls = 0;; ++calls) {
    ASSERT_LT(calls, 200);
    const Do what = next();
    if (what == Do::end) break;
    if (what == Do::cancel) {
      cancelled = true;
      run_.cancel_tried(now_);
    } else {
      now_ += 5ms;
      run_.look_failed(now_, CallTrouble::unsure);
    }
  }
  EXPECT_TRUE(cancelled);
  EXPECT_EQ(run_.end(), End::unknown);
}

TEST_F(Run, WithoutTheRightToLookItIsUnknownAtOnce) {
  next();
  sent(5ms, DataStatus::finished);
  next();
  run_.look_failed(now_, CallTrouble::refused);
  EXPECT_EQ(next(), Do::end);
  EXPECT_EQ(run_.end(), End::unknown);
}

TEST_F(Run, WhatWasLeftUnknownIsGoneOnWith) {
  StatementRun named = StatementRun::resumed(RunLimits{}, now_, now_ + 60s, true);
  EXPECT_EQ(named.next(now_).what, Do::look);
  StatementRun nameless = StatementRun::resumed(RunLimits{}, now_, now_ + 60s, false);
  EXPECT_EQ(nameless.next(now_).what, Do::send);
  nameless.send_failed(now_, CallTrouble::refused);
  EXPECT_EQ(nameless.end(), End::unknown);
}

TEST(DataStatusNames, AreTheServices) {
  EXPECT_EQ(data_status_from("FINISHED"), DataStatus::finished);
  EXPECT_EQ(data_status_from("FAILED"), DataStatus::failed);
  EXPECT_EQ(data_status_from("ABORTED"), DataStatus::aborted);
  for (const char* name : {"SUBMITTED", "PICKED", "STARTED", "", "NEW"}) {
    EXPECT_EQ(data_status_from(name), DataStatus::running) << name;
  }
}

}  // namespace
}  // namespace twinshift::warehouse
