#include "queue/drivers/sqlite/deletion_gate.hpp"

#include <future>
#include <thread>

#include <gtest/gtest.h>

namespace twinshift::queue {
namespace {

using namespace std::chrono_literals;

class HandClock final : public base::Clock {
 public:
  [[nodiscard]] base::WallTime now() const override { return {}; }
  [[nodiscard]] base::SteadyTime steady() const override { return time; }
  base::SteadyTime time{};
};

TEST(DeletionGate, NobodyPassesWhileItIsShut) {
  DeletionGate gate;
  EXPECT_TRUE(GatePass(gate, true).given());
  ASSERT_TRUE(gate.shut(1h, 1h));
  EXPECT_TRUE(gate.is_shut());
  EXPECT_FALSE(GatePass(gate, true).given());
  EXPECT_TRUE(gate.open());
  EXPECT_TRUE(GatePass(gate, true).given());
  EXPECT_FALSE(gate.open());  // it was not shut
}

TEST(DeletionGate, ItOpensByItselfAndTellsSo) {
  HandClock clock;
  DeletionGate gate(clock);
  ASSERT_TRUE(gate.shut(5s, 1h));
  clock.time += 4999ms;
  EXPECT_FALSE(GatePass(gate, true).given());
  EXPECT_EQ(gate.time_left(), 1ms);
  clock.time += 1ms;
  EXPECT_EQ(gate.time_left(), 0ms);
  EXPECT_FALSE(gate.is_shut());
  EXPECT_TRUE(GatePass(gate, true).given());
  EXPECT_FALSE(gate.open());
}

TEST(DeletionGate, WhoShutsItWaitsForWhoIsInside) {
  DeletionGate gate;
  ASSERT_TRUE(gate.enter());
  EXPECT_FALSE(gate.shut(1h, 0ms));
  EXPECT_FALSE(gate.is_shut());
  auto shut = std::async(std::launch::async, [&] { return gate.shut(1h, 1h); });
  while (!gate.is_shut()) std::this_thread::yield();
  EXPECT_EQ(shut.wait_for(0ms), std::future_status::timeout);
  gate.leave();
  EXPECT_TRUE(shut.get());
}

}  // namespace
}  // namespace twinshift::queue
