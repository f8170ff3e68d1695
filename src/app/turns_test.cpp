#include "app/turns.hpp"

#include <atomic>
#include <future>
#include <latch>
#include <vector>

#include <gmock/gmock.h>

namespace twinshift::app {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// A command under way that ends when release() says so.
class LongOne {
 public:
  explicit LongOne(Turns& turns) {
    reply_ = std::async(std::launch::async, [this, &turns] {
      return turns.run([this] {
        begun_.count_down();
        released_.wait();
        return control::Reply{true, "the first"};
      });
    });
    begun_.wait();
  }
  std::string release() {
    released_.count_down();
    return reply_.get().text;
  }

 private:
  std::latch begun_{1};
  std::latch released_{1};
  std::future<control::Reply> reply_;
};

control::Reply never() {
  ADD_FAILURE() << "was called beside another, or after the stop";
  return {};
}

TEST(Turns, ASecondOneIsToldOfTheFirst) {
  Turns turns(1ms);
  LongOne first(turns);
  const control::Reply reply = turns.run(never);
  EXPECT_FALSE(reply.ok);
  EXPECT_THAT(reply.text, HasSubstr("another command that changes something is still under way"));
  EXPECT_EQ(first.release(), "the first");
  EXPECT_EQ(turns.run([] { return control::Reply{true, "the next"}; }).text, "the next");
}

TEST(Turns, AStopEndsTheWaitAndLetsNoneBegin) {
  Turns turns(1h);
  LongOne first(turns);
  auto waiting = std::async(std::launch::async, [&] { return turns.run(never); });
  turns.cancel();
  EXPECT_THAT(waiting.get().text, HasSubstr("the service is stopping"));
  EXPECT_EQ(first.release(), "the first");
  EXPECT_THAT(turns.run(never).text, HasSubstr("the service is stopping"));
}

TEST(Turns, ManyRunOneAfterTheOther) {
  Turns turns(1h);
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::vector<std::future<control::Reply>> each;
  for (int i = 0; i < 8; ++i) {
    each.push_back(std::async(std::launch::async, [&] {
      return turns.run([&] {
        const int now = ++inside;
        if (now > most) most = now;
        --inside;
        return control::Reply{true, {}};
      });
    }));
  }
  for (auto& one : each) EXPECT_TRUE(one.get().ok);
  EXPECT_EQ(most, 1);
}

TEST(Turns, AHoldKeepsOthersOutUntilItEnds) {
  Turns turns(1ms);
  const auto held = turns.hold(1h);
  ASSERT_TRUE(held);
  EXPECT_FALSE(turns.run(never).ok);
  EXPECT_FALSE(turns.hold(1h));
  EXPECT_FALSE(turns.end_hold(*held + 1));
  EXPECT_TRUE(turns.end_hold(*held));
  EXPECT_TRUE(turns.run([] { return control::Reply{true, {}}; }).ok);
  EXPECT_FALSE(turns.end_hold(*held));
}

TEST(Turns, AHoldWhoseOwnerIsGoneRunsOut) {
  Turns turns(1h);
  const auto held = turns.hold(1ms);
  ASSERT_TRUE(held);
  EXPECT_TRUE(turns.run([] { return control::Reply{true, {}}; }).ok);  // waits for that moment, not for its hour
  EXPECT_FALSE(turns.end_hold(*held));
}

}  // namespace
}  // namespace twinshift::app
