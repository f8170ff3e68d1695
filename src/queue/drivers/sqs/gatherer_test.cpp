#include "queue/drivers/sqs/gatherer.hpp"

#include <thread>

#include <gtest/gtest.h>

namespace twinshift::queue::sqs {
namespace {

using namespace std::chrono_literals;

struct Entry {
  int number = 0;
  std::size_t bytes = 1;
};
using Box = Gatherer<Entry>;

void put(Box& box, int number, std::size_t bytes = 1, Put expected = Put::taken) {
  Entry entry{number, bytes};
  EXPECT_EQ(box.put(entry), expected);
}

TEST(Gatherer, OneEntryAloneWaitsForNobody) {
  Box box({.gather_max = 1h});
  put(box, 1);
  EXPECT_EQ(box.take().size(), 1U);
}

TEST(Gatherer, WhileACallIsUnderWayTheNextOneGathers) {
  Box box({.batch_entries_max = 3, .gather_max = 1h});
  put(box, 1);
  ASSERT_EQ(box.take().size(), 1U);
  put(box, 2);
  put(box, 3);
  std::jthread later([&] { put(box, 4); });
  const auto batch = box.take();  // full, though the first call is not back
  ASSERT_EQ(batch.size(), 3U);
  EXPECT_EQ(batch[0].number, 2);
}

TEST(Gatherer, TheEndOfTheLastCallSendsWhatHasGathered) {
  Box box({.gather_max = 1h});
  put(box, 1);
  box.take();
  put(box, 2);
  std::jthread later([&] { box.finished(1, 1); });
  EXPECT_EQ(box.take().size(), 1U);
}

TEST(Gatherer, AnEntryWaitsNoLongerThanAllowed) {
  Box box({.gather_max = 20ms, .at_once_when_idle = false});
  const auto start = std::chrono::steady_clock::now();
  put(box, 1);
  EXPECT_EQ(box.take().size(), 1U);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 20ms);
}

TEST(Gatherer, CutsABatchAtItsBytesButTakesOneOfAnySize) {
  Box box({.batch_bytes_max = 10, .gather_max = 1h});
  put(box, 1, 6);
  put(box, 2, 5);
  put(box, 3, 50);
  EXPECT_EQ(box.take().size(), 1U);
  EXPECT_EQ(box.take().size(), 1U);
  EXPECT_EQ(box.take().size(), 1U);
}

TEST(Gatherer, IsFullUntilACallIsBack) {
  Box box({.waiting_entries_max = 2, .waiting_bytes_max = 100});
  put(box, 1, 300);  // larger than all: alone
  put(box, 2, 1, Put::full);
  box.take();
  put(box, 2, 1, Put::full);
  box.finished(1, 300);
  put(box, 2);
  put(box, 3);
  put(box, 4, 1, Put::full);
}

TEST(Gatherer, GivesOutWhatIsLeftAndThenEnds) {
  Box box({.gather_max = 1h, .at_once_when_idle = false});
  put(box, 1);
  std::jthread later([&] { box.close(); });
  EXPECT_EQ(box.take().size(), 1U);
  EXPECT_TRUE(box.take().empty());
  put(box, 2, 1, Put::closed);
  EXPECT_FALSE(box.wait_until_empty(std::chrono::steady_clock::now()));
  box.finished(1, 1);
  EXPECT_TRUE(box.wait_until_empty(std::chrono::steady_clock::now()));
}

}  // namespace
}  // namespace twinshift::queue::sqs
