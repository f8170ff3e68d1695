// The queue on a disk that stops taking writes: a limit on file sizes (setrlimit(2), RLIMIT_FSIZE) makes every write
// beyond its first page fail at once, for this whole process, until the limit is lifted. Nothing durable is lost,
// nobody is told a lie, and it recovers by itself.
#include <csignal>
#include <future>
#include <set>
#include <sys/resource.h>

#include <gtest/gtest.h>

#include "queue/drivers/sqlite/sqlite_queue.hpp"
#include "tests/support/failing_disk.hpp"
#include "tests/support/queue_calls.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/wait_until.hpp"

namespace twinshift::queue {
namespace {

using namespace std::chrono_literals;
using tests::enqueue;
using tests::FailingDisk;
using tests::receive;
using tests::wait_until;

class SqliteQueueTroubleTest : public ::testing::Test {
 protected:
  void SetUp() override { open(); }
  void open() {
    queue_.reset();
    SqliteQueueOptions options;
    options.path = (folder_ / "queue.db").string();
    options.disk_reserve_bytes = 0;
    auto opened = open_sqlite_queue(options);
    ASSERT_TRUE(opened) << opened.error().text();
    queue_ = std::move(*opened);
  }
  std::multiset<std::string> bodies_after_reopening() {
    open();
    std::multiset<std::string> bodies;
    for (const Lease& lease : receive(*queue_, 1000)) bodies.insert(lease.message.body);
    return bodies;
  }

  tests::TemporaryFolder folder_;
  std::unique_ptr<EventQueue> queue_;
};

const std::string kLarge(100'000, 'x');

TEST_F(SqliteQueueTroubleTest, TellsTheSenderAndKeepsWhatWasDurable) {
  ASSERT_TRUE(enqueue(*queue_, "before"));
  {
    const FailingDisk failing;
    const auto refused = enqueue(*queue_, kLarge);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().kind == base::ErrorKind::unavailable || refused.error().kind == base::ErrorKind::full)
        << refused.error().text();
    EXPECT_FALSE(refused.error().hint.empty());
    EXPECT_TRUE(queue_->status().trouble);
    EXPECT_FALSE(enqueue(*queue_, kLarge));
  }
  EXPECT_EQ(bodies_after_reopening(), (std::multiset<std::string>{"before"}));
}

TEST_F(SqliteQueueTroubleTest, RecoversWithoutBeingAsked) {
  ASSERT_TRUE(enqueue(*queue_, "before"));
  {
    const FailingDisk failing;
    ASSERT_FALSE(enqueue(*queue_, kLarge));
    ASSERT_TRUE(queue_->status().trouble);
  }
  ASSERT_TRUE(wait_until([&] { return !queue_->status().trouble; }));
  ASSERT_TRUE(enqueue(*queue_, "after"));
  EXPECT_EQ(queue_->status().depth, 2U);
  EXPECT_EQ(bodies_after_reopening(), (std::multiset<std::string>{"after", "before"}));
}

TEST_F(SqliteQueueTroubleTest, AcknowledgementsWaitForTheDiskAndAreNotForgotten) {
  ASSERT_TRUE(enqueue(*queue_, "settled"));
  ASSERT_TRUE(enqueue(*queue_, "kept"));
  const auto leases = receive(*queue_, 10);
  ASSERT_EQ(leases.size(), 2U);
  std::promise<base::Status> answer;
  auto answered = answer.get_future();
  {
    const FailingDisk failing;
    ASSERT_FALSE(enqueue(*queue_, kLarge));
    queue_->acknowledge({leases[0].receipt}, [&](base::Status status) { answer.set_value(std::move(status)); });
  }
  ASSERT_EQ(answered.wait_for(20s), std::future_status::ready);
  EXPECT_TRUE(answered.get());
  EXPECT_EQ(bodies_after_reopening(), (std::multiset<std::string>{"kept"}));
}

TEST_F(SqliteQueueTroubleTest, ClosesInTheMiddleOfTroubleAndAnswersEverybody) {
  ASSERT_TRUE(enqueue(*queue_, "before"));
  const auto leases = receive(*queue_, 10);
  ASSERT_EQ(leases.size(), 1U);
  std::atomic<int> answers{0};
  {
    const FailingDisk failing;
    ASSERT_FALSE(enqueue(*queue_, kLarge));
    queue_->acknowledge({leases[0].receipt}, [&](const base::Status&) { ++answers; });
    for (int i = 0; i < 10; ++i) queue_->enqueue({kLarge, "m", {}}, [&](const base::Status&) { ++answers; });
    queue_->close();
    EXPECT_EQ(answers, 11);
  }
}

TEST_F(SqliteQueueTroubleTest, ComesAndGoesManyTimes) {
  std::multiset<std::string> durable;
  for (int round = 0; round < 5; ++round) {
    {
      const FailingDisk failing;
      EXPECT_FALSE(enqueue(*queue_, kLarge));
    }
    const std::string body = "round " + std::to_string(round);
    ASSERT_TRUE(wait_until([&] { return enqueue(*queue_, body).has_value(); }));
    durable.insert(body);
  }
  EXPECT_EQ(bodies_after_reopening(), durable);
}

}  // namespace
}  // namespace twinshift::queue
