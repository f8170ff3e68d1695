// What several commands at once meet; what a replay does to events is shown on the real program.
#include "app/quarantine_actions.hpp"

#include <atomic>
#include <chrono>
#include <future>
#include <latch>
#include <thread>

#include <gmock/gmock.h>

namespace twinshift::app {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

using Opened = base::Result<std::unique_ptr<quarantine::Reader>>;

// A replay that hangs in the opening of its reader until the service stops.
class QuarantineTurns : public ::testing::Test {
 protected:
  void make(std::chrono::milliseconds turn_max) {
    QuarantineActions::Parts parts;
    parts.turn_max = turn_max;
    parts.open_reader = [this](const std::stop_token& stop) -> Opened {
      ++opened_;
      begun_.count_down();
      while (!stop.stop_requested()) std::this_thread::yield();
      return base::fail(base::ErrorKind::cancelled, "no longer read", "quarantine");
    };
    actions_ = std::make_unique<QuarantineActions>(std::move(parts));
    running_ = std::async(std::launch::async, [this] { return actions_->answer({kReplayVerb, {"7 1"}}); });
    begun_.wait();
  }

  std::latch begun_{1};
  std::atomic<int> opened_{0};
  std::unique_ptr<QuarantineActions> actions_;
  std::future<control::Reply> running_;
};

TEST_F(QuarantineTurns, ASecondRequestIsToldOfTheFirstAndTouchesNothing) {
  make(1ms);
  for (const char* verb : {kReplayVerb, kDropVerb}) {
    const control::Reply reply = actions_->answer({verb, {"7 1"}});
    EXPECT_FALSE(reply.ok);
    EXPECT_THAT(reply.text, HasSubstr("another replay or drop is still under way"));
  }
  EXPECT_EQ(opened_, 1);
  actions_->cancel();
  EXPECT_THAT(running_.get().text, HasSubstr("no longer read"));
}

TEST_F(QuarantineTurns, AStopEndsTheWaitForATurn) {
  make(1h);
  auto waiting = std::async(std::launch::async, [this] { return actions_->answer({kDropVerb, {"7 1"}}); });
  actions_->cancel();
  EXPECT_THAT(waiting.get().text, HasSubstr("the service is stopping"));
  EXPECT_FALSE(running_.get().ok);
  EXPECT_EQ(opened_, 1);
}

TEST_F(QuarantineTurns, WhatIsNotUnderstoodNeedsNoTurn) {
  make(1h);
  EXPECT_THAT(actions_->answer({kDropVerb, {"seven"}}).text, HasSubstr("not understood"));
  EXPECT_THAT(actions_->answer({"quarantine eat", {}}).text, HasSubstr("does not know 'quarantine eat'"));
  actions_->cancel();
  EXPECT_FALSE(running_.get().ok);
}

}  // namespace
}  // namespace twinshift::app
