#include "queue/drivers/sqlite/queue_inbox.hpp"

#include <future>

#include <gtest/gtest.h>

namespace twinshift::queue {
namespace {

using namespace std::chrono_literals;

// These hang where the wait is not ended.
TEST(QueueInbox, AWaitThatBeginsAfterTheWakingEndsAtOnce) {
  QueueInbox inbox(1, 1);
  inbox.wake();
  EXPECT_TRUE(inbox.take(std::chrono::milliseconds::max()).empty());
  EXPECT_TRUE(inbox.take(0ms).empty());  // once
}

TEST(QueueInbox, AWaitUnderWayIsEnded) {
  QueueInbox inbox(1, 1);
  auto taken = std::async(std::launch::async, [&] { return inbox.take(std::chrono::milliseconds::max()); });
  inbox.wake();
  EXPECT_TRUE(taken.get().empty());
}

TEST(QueueInbox, WhatIsThereIsTakenByWhoIsWoken) {
  QueueInbox inbox(1, 1);
  Erasure erasure{.ids = {1}, .done = {}};
  ASSERT_EQ(inbox.put(erasure), QueueInbox::Put::taken);
  inbox.wake();
  EXPECT_EQ(inbox.take(std::chrono::milliseconds::max()).erasures.size(), 1U);
}

}  // namespace
}  // namespace twinshift::queue
