#include "aws/refreshing_source.hpp"

#include <atomic>
#include <semaphore>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/wait_until.hpp"

namespace twinshift::aws {
namespace {

using base::ErrorKind;
using std::chrono::minutes;
using testing::HasSubstr;

// Numbers what it gives; each fetch waits for a permit where `gated`.
struct Script {
  explicit Script(const base::Clock& with) : clock(with) {}
  const base::Clock& clock;
  std::atomic<int> begun{0};
  std::atomic<bool> gated{false};
  std::atomic<bool> failing{false};
  std::atomic<std::int64_t> minutes_left{60};
  std::counting_semaphore<> permits{0};
};

class ScriptedFetcher final : public CredentialFetcher {
 public:
  explicit ScriptedFetcher(Script& script) : script_(script) {}
  base::Result<Credentials> fetch(std::stop_token stop) override {
    const int number = ++script_.begun;
    if (script_.gated) {
      const std::stop_callback wake(stop, [this] { script_.permits.release(); });
      script_.permits.acquire();
    }
    if (stop.stop_requested()) return base::fail(ErrorKind::cancelled, "stopping", "test");
    if (script_.failing) return base::fail(ErrorKind::unavailable, "the source is down", "test");
    return Credentials{.access_key_id = "KEY" + std::to_string(number),
                       .secret_access_key = "canary",
                       .session_token = "canary",
                       .expires_at = script_.clock.now() + minutes(script_.minutes_left),
                       .source = "test"};
  }

 private:
  Script& script_;
};

class Refreshing : public testing::Test {
 protected:
  Refreshing() {
    base::log::set_sink([this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      lines_.emplace_back(line);
    });
  }
  ~Refreshing() override { base::log::set_sink({}); }

  std::unique_ptr<RefreshingSource> make(std::chrono::milliseconds wait_max = kFetchWaitMax,
                                         std::stop_token stop = {}) {
    return std::make_unique<RefreshingSource>(std::make_unique<ScriptedFetcher>(script_), clock_, std::move(stop),
                                              wait_max);
  }
  static std::string key(RefreshingSource& source) {
    const auto got = source.get();
    return got ? got->access_key_id : got.error().text();
  }
  std::vector<std::string> lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

  tests::ManualClock clock_;
  Script script_{clock_};
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

TEST_F(Refreshing, FetchesOnceAndKeeps) {
  const auto source = make();
  EXPECT_EQ(script_.begun, 0);
  EXPECT_EQ(key(*source), "KEY1");
  EXPECT_EQ(key(*source), "KEY1");
  EXPECT_EQ(script_.begun, 1);
}

TEST_F(Refreshing, DoesNotMakeCallersWaitWhileTheOldOnesWillDo) {
  const auto source = make();
  EXPECT_EQ(key(*source), "KEY1");
  clock_.advance(minutes(46));
  script_.gated = true;
  EXPECT_EQ(key(*source), "KEY1");
  ASSERT_TRUE(tests::wait_until([&] { return script_.begun == 2; }));
  EXPECT_EQ(key(*source), "KEY1");  // the fetch stands still, this call does not
  EXPECT_EQ(script_.begun, 2);
  script_.permits.release();
  EXPECT_TRUE(tests::wait_until([&] { return key(*source) == "KEY2"; }));
}

TEST_F(Refreshing, LetsOneCallerFetchAndTheOthersWaitForIt) {
  const auto source = make();
  script_.gated = true;
  std::vector<std::jthread> callers;
  std::atomic<int> right{0};
  for (int i = 0; i < 4; ++i) callers.emplace_back([&] { right += key(*source) == "KEY1" ? 1 : 0; });
  ASSERT_TRUE(tests::wait_until([&] { return script_.begun == 1; }));
  script_.permits.release();
  callers.clear();
  EXPECT_EQ(right, 4);
  EXPECT_EQ(script_.begun, 1);
}

TEST_F(Refreshing, DoesNotWaitForEver) {
  const auto source = make(std::chrono::milliseconds(1));
  script_.gated = true;
  std::jthread first([&] { EXPECT_EQ(key(*source), "KEY1"); });
  ASSERT_TRUE(tests::wait_until([&] { return script_.begun == 1; }));
  EXPECT_THAT(key(*source), HasSubstr("still being fetched"));
  script_.permits.release();
}

TEST_F(Refreshing, KeepsTheOldOnesAndSaysSoOnce) {
  const auto source = make();
  EXPECT_EQ(key(*source), "KEY1");
  clock_.advance(minutes(52));
  script_.failing = true;
  EXPECT_EQ(key(*source), "KEY1");
  clock_.advance(minutes(2));
  EXPECT_EQ(key(*source), "KEY1");
  EXPECT_EQ(script_.begun, 3);
  ASSERT_EQ(lines().size(), 1U);
  EXPECT_THAT(lines()[0], testing::AllOf(HasSubstr("not renewed"), HasSubstr("the source is down"),
                                         testing::Not(HasSubstr("canary"))));
  clock_.advance(minutes(10));
  EXPECT_THAT(key(*source), HasSubstr("the source is down"));
  script_.failing = false;
  clock_.advance(minutes(1));
  EXPECT_EQ(key(*source), "KEY5");
}

TEST_F(Refreshing, DoesNotAskADeadSourceForEachCall) {
  const auto source = make();
  script_.failing = true;
  for (int i = 0; i < 100; ++i) EXPECT_THAT(key(*source), HasSubstr("the source is down"));
  EXPECT_EQ(script_.begun, 1);
}

TEST_F(Refreshing, FetchesAnewWhatIsRefused) {
  const auto source = make();
  const auto first = source->get();
  ASSERT_TRUE(first);
  clock_.advance(kFetchEvery);
  source->refuse(*first);
  EXPECT_EQ(key(*source), "KEY2");
  source->refuse(*first);
  EXPECT_EQ(key(*source), "KEY2");
}

TEST_F(Refreshing, EndsAFetchUnderWayWithItself) {
  auto source = make();
  EXPECT_EQ(key(*source), "KEY1");
  clock_.advance(minutes(46));
  script_.gated = true;
  EXPECT_EQ(key(*source), "KEY1");
  ASSERT_TRUE(tests::wait_until([&] { return script_.begun == 2; }));
  source.reset();  // returns only because the fetch hears of it
  EXPECT_TRUE(lines().empty());
}

TEST_F(Refreshing, EndsAFetchUnderWayWhenStopIsRequested) {
  std::stop_source stop;
  const auto source = make(kFetchWaitMax, stop.get_token());
  script_.gated = true;
  std::jthread caller([&] { EXPECT_THAT(key(*source), HasSubstr("stopping")); });
  ASSERT_TRUE(tests::wait_until([&] { return script_.begun == 1; }));
  stop.request_stop();
}

TEST_F(Refreshing, StandsManyThreads) {
  const auto source = make();
  script_.minutes_left = 12;  // each call finds them nearly over
  std::vector<std::jthread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      for (int round = 0; round < 200; ++round) {
        const auto got = source->get();
        ASSERT_TRUE(got);
        source->refuse(*got);
        clock_.advance(kFetchEvery / 4);
      }
    });
  }
  callers.clear();
  EXPECT_GT(script_.begun, 2);
}

}  // namespace
}  // namespace twinshift::aws
