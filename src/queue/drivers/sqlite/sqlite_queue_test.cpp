// What is the SQLite queue's own: its file, its bounds on disk, kill -9. The promise: tests/conformance.
#include "queue/drivers/sqlite/sqlite_queue.hpp"

#include <csignal>
#include <filesystem>
#include <future>
#include <limits>
#include <set>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "queue/settling_hold.hpp"
#include "queue/waiver.hpp"
#include "sqlite/database.hpp"
#include "tests/support/queue_calls.hpp"
#include "tests/support/temporary_folder.hpp"

namespace twinshift::queue {
namespace {

using namespace std::chrono_literals;
using tests::acknowledge;
using tests::enqueue;
using tests::receive;

class SqliteQueueTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.path = (folder_ / "queue.db").string();
    options_.disk_reserve_bytes = 0;
  }
  void open() {
    queue_.reset();
    auto opened = open_sqlite_queue(options_);
    ASSERT_TRUE(opened) << opened.error().text();
    queue_ = std::move(*opened);
  }
  void fill(int messages, std::size_t bytes) {
    std::atomic<int> left{messages};
    for (int i = 0; i < messages; ++i) {
      // Well below the inbox's bounds, and many in one commit.
      while (i - (messages - left.load()) > 2000) std::this_thread::yield();
      queue_->enqueue({std::string(bytes, 'x'), std::to_string(i), {}}, [&](const base::Status& status) {
        EXPECT_TRUE(status);
        --left;
      });
    }
    while (left > 0) std::this_thread::yield();
  }
  int drain() {
    int drained = 0;
    for (;;) {
      std::vector<Receipt> receipts;
      for (const Lease& lease : receive(*queue_, 1000)) receipts.push_back(lease.receipt);
      if (receipts.empty()) return drained;
      drained += static_cast<int>(receipts.size());
      EXPECT_TRUE(acknowledge(*queue_, std::move(receipts)));
    }
  }
  std::uintmax_t file_bytes(const char* suffix = "") const {
    return std::filesystem::file_size(options_.path + suffix);
  }

  tests::TemporaryFolder folder_;
  SqliteQueueOptions options_;
  std::unique_ptr<EventQueue> queue_;
};

TEST_F(SqliteQueueTest, AVisitorSeesWhatWaitsLentOrNot) {
  open();
  fill(1'500, 10);  // more than a page
  const auto leases = receive(*queue_, 3);
  ASSERT_TRUE(acknowledge(*queue_, {leases[0].receipt}));
  std::vector<std::string> ids;
  const auto told = queue_->visit([&](std::span<const Message> messages) {
    for (const Message& message : messages) ids.push_back(message.message_id);
    return true;
  });
  ASSERT_TRUE(told);
  EXPECT_TRUE(*told);
  ASSERT_EQ(ids.size(), 1'499U);
  EXPECT_EQ(ids.front(), leases[1].message.message_id);
  EXPECT_EQ(ids.back(), "1499");
}

TEST_F(SqliteQueueTest, WhileSettlingIsHeldNothingIsDeletedAndAllElseGoesOn) {
  open();
  auto& hold = dynamic_cast<SettlingHold&>(*queue_);
  ASSERT_TRUE(enqueue(*queue_, "{}", "a"));
  ASSERT_TRUE(hold.hold_settling(1h));
  std::promise<base::Status> deleted;
  auto told = deleted.get_future();
  queue_->acknowledge({receive(*queue_, 1)[0].receipt},
                      [&](base::Status status) { deleted.set_value(std::move(status)); });
  ASSERT_TRUE(enqueue(*queue_, "{}", "b"));  // after the acknowledgement, in the same file
  EXPECT_EQ(queue_->count_arrivals()->hours.at(0).waiting, 2U);
  EXPECT_EQ(told.wait_for(0ms), std::future_status::timeout);
  EXPECT_TRUE(hold.end_hold());
  ASSERT_EQ(told.wait_for(1min), std::future_status::ready);  // the hold's own hour is not waited for
  EXPECT_TRUE(told.get());
  EXPECT_EQ(queue_->count_arrivals()->hours.at(0).waiting, 1U);
}

TEST_F(SqliteQueueTest, ClosingEndsAHold) {
  open();
  ASSERT_TRUE(enqueue(*queue_, "{}", "a"));
  ASSERT_TRUE(dynamic_cast<SettlingHold&>(*queue_).hold_settling(1h));
  std::promise<base::Status> deleted;
  queue_->acknowledge({receive(*queue_, 1)[0].receipt},
                      [&](base::Status status) { deleted.set_value(std::move(status)); });
  queue_->close();
  EXPECT_TRUE(deleted.get_future().get());
  EXPECT_FALSE(dynamic_cast<SettlingHold&>(*queue_).end_hold());
  open();
  EXPECT_EQ(queue_->status().depth, 0U);
}

TEST_F(SqliteQueueTest, WhatIsReplayedIsAsOldAsItsArrivalThoughItCameLast) {
  open();
  const base::WallTime now = base::system_clock().now();
  ASSERT_TRUE(enqueue(*queue_, "{}", "new", now - std::chrono::minutes(1)));
  ASSERT_TRUE(enqueue(*queue_, "{}", "replayed", now - std::chrono::hours(5)));
  EXPECT_GE(queue_->status().oldest_age, std::chrono::hours(5));
  EXPECT_EQ(drain(), 2);
  EXPECT_EQ(queue_->status().oldest_age.count(), 0);
}

TEST_F(SqliteQueueTest, TakesOverTheFirstFormatAndCountsWhatIsThere) {
  {
    auto file = sqlite::Database::open(options_.path, sqlite::OpenMode::create);
    ASSERT_TRUE(file);
    ASSERT_TRUE(
        file->execute("CREATE TABLE messages(id INTEGER PRIMARY KEY, received_at INTEGER NOT NULL, message_id BLOB NOT "
                      "NULL, body BLOB "
                      "NOT NULL) STRICT; CREATE TABLE queue_state(only_row INTEGER PRIMARY KEY CHECK (only_row = 1), "
                      "last_id INTEGER NOT "
                      "NULL, depth INTEGER NOT NULL) STRICT; INSERT INTO queue_state VALUES (1, 9, 2);"
                      "INSERT INTO messages VALUES (7, 3600000000, x'61', x'7b7d'), (9, 7199999999, x'62', x'7b7d');"
                      "PRAGMA application_id=1414754677; PRAGMA user_version=1"));
  }
  open();
  const auto counted = queue_->count_arrivals();
  ASSERT_TRUE(counted) << counted.error().text();
  ASSERT_EQ(counted->hours.size(), 1U);
  EXPECT_EQ(counted->hours[0].hour, base::WallTime(1h));
  EXPECT_EQ(counted->hours[0].received, 2U);
  EXPECT_EQ(counted->hours[0].waiting, 2U);
  EXPECT_EQ(drain(), 2);
  EXPECT_EQ(queue_->count_arrivals()->hours[0].waiting, 0U);
}

TEST_F(SqliteQueueTest, WhatIsSettledWhileATargetIsOffCountsAsWaived) {
  options_.waives = true;
  open();
  ASSERT_TRUE(enqueue(*queue_, "{}"));
  EXPECT_EQ(queue_->count_arrivals()->hours[0].waived, 0U);
  EXPECT_EQ(drain(), 1);
  EXPECT_EQ(queue_->count_arrivals()->hours[0].waived, 1U);
  options_.waives = false;
  open();
  ASSERT_TRUE(enqueue(*queue_, "{}"));
  EXPECT_EQ(drain(), 1);
  EXPECT_EQ(queue_->count_arrivals()->hours[0].waived, 1U);
}

// What was acknowledged before the switch and is written after it is counted by the state before.
TEST_F(SqliteQueueTest, ASwitchCountsWhatIsAcknowledgedFromThenOn) {
  open();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(enqueue(*queue_, "{}"));
  const auto acknowledge_one = [&](Done done) {
    auto leases = queue_->receive(1, 0ms, {});
    ASSERT_TRUE(leases && leases->size() == 1U);
    queue_->acknowledge({(*leases)[0].receipt}, std::move(done));
  };
  acknowledge_one([](const base::Status&) {});
  auto* waiver = dynamic_cast<Waiver*>(queue_.get());
  ASSERT_NE(waiver, nullptr);
  waiver->waive(true);
  acknowledge_one([](const base::Status&) {});
  acknowledge_one([](const base::Status&) {});
  waiver->waive(false);
  std::promise<void> written;
  acknowledge_one([&](const base::Status&) { written.set_value(); });
  ASSERT_EQ(written.get_future().wait_for(30s), std::future_status::ready);
  const auto hour = queue_->count_arrivals()->hours[0];
  EXPECT_EQ(hour.received, 5U);
  EXPECT_EQ(hour.waived, 2U);
  EXPECT_EQ(hour.waiting, 1U);
}

TEST_F(SqliteQueueTest, ItsFilesArePrivate) {
  open();
  ASSERT_TRUE(enqueue(*queue_, "a"));
  for (const char* suffix : {"", "-wal", "-shm"}) {
    struct stat found{};
    ASSERT_EQ(::stat((options_.path + suffix).c_str(), &found), 0) << suffix;
    EXPECT_EQ(found.st_mode & 0777U, 0600U) << suffix;
  }
}

TEST_F(SqliteQueueTest, GivesSpaceBackAndKeepsItsLogSmall) {
  options_.cache_messages_max = 100;  // most come back from the file
  open();
  constexpr int kMessages = 50'000;
  fill(kMessages, 2500);
  EXPECT_EQ(queue_->status().depth, static_cast<std::uint64_t>(kMessages));
  EXPECT_LE(file_bytes("-wal"), 64'000'000U);
  EXPECT_GT(file_bytes(), 100'000'000U);
  EXPECT_EQ(drain(), kMessages);
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (file_bytes() > 2'000'000 && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(10ms);
  EXPECT_LE(file_bytes(), 2'000'000U);
}

TEST_F(SqliteQueueTest, RefusesANewerFormatByName) {
  open();
  queue_.reset();
  {
    auto file = sqlite::Database::open(options_.path, sqlite::OpenMode::read_write);
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->execute("PRAGMA user_version=7"));
  }
  const auto opened = open_sqlite_queue(options_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, base::ErrorKind::conflict);
  EXPECT_THAT(opened.error().message, ::testing::HasSubstr("version 7"));
}

TEST_F(SqliteQueueTest, RefusesAnotherProgramsFile) {
  {
    auto file = sqlite::Database::open(options_.path, sqlite::OpenMode::create);
    ASSERT_TRUE(file && file->execute("CREATE TABLE theirs(x)"));
  }
  const auto opened = open_sqlite_queue(options_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, base::ErrorKind::conflict);
}

TEST_F(SqliteQueueTest, TakesOverAnUnfinishedFile) {
  {
    // Stamped, but the first format's tables never came: version 0.
    auto file = sqlite::Database::open(options_.path, sqlite::OpenMode::create);
    ASSERT_TRUE(file && file->execute("PRAGMA application_id=1414754677; PRAGMA user_version=0"));
  }
  open();
  EXPECT_TRUE(enqueue(*queue_, "a"));
}

TEST_F(SqliteQueueTest, InTheReserveItSettlesAndTakesNothing) {
  open();
  ASSERT_TRUE(enqueue(*queue_, "a"));
  options_.disk_reserve_bytes = std::numeric_limits<std::uint64_t>::max();
  open();
  const auto refused = enqueue(*queue_, "b");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, base::ErrorKind::full);
  EXPECT_TRUE(queue_->status().trouble);
  EXPECT_TRUE(acknowledge(*queue_, {receive(*queue_, 1)[0].receipt}));
  EXPECT_EQ(queue_->status().depth, 0U);
}

TEST_F(SqliteQueueTest, StopsLendingAtItsBoundAndGoesOnAfterwards) {
  options_.lent_max = 2;
  open();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(enqueue(*queue_, "a"));
  const auto lent = receive(*queue_, 10);
  EXPECT_EQ(lent.size(), 2U);
  EXPECT_TRUE(receive(*queue_, 10).empty());
  ASSERT_TRUE(acknowledge(*queue_, {lent[0].receipt}));
  EXPECT_EQ(receive(*queue_, 10).size(), 1U);
}

// Enqueues until it is killed; each message's number goes to the pipe once it is durable.
[[noreturn]] void enqueue_until_killed(const SqliteQueueOptions& options, int pipe_end) {
  auto queue = open_sqlite_queue(options);
  if (!queue) ::_exit(1);
  for (std::uint32_t number = 0;; ++number) {
    (*queue)->enqueue({std::to_string(number) + std::string(2500, 'x'), std::to_string(number), {}},
                      [number, pipe_end](const base::Status& status) {
                        if (status && ::write(pipe_end, &number, sizeof number) != sizeof number) ::_exit(2);
                      });
    if (number % 64 == 0) std::this_thread::sleep_for(1ms);
  }
}

TEST_F(SqliteQueueTest, EveryAnsweredMessageOutlivesKillMinusNine) {
  base::Random random(4711);
  std::set<std::string> answered;
  for (int round = 0; round < 3; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    // No thread runs here between rounds, so the child may go on without exec.
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(ends[0]);
      enqueue_until_killed(options_, ends[1]);
    }
    ::close(ends[1]);
    const std::uint64_t enough = 500 + random.below(4000);
    std::uint32_t number = 0;
    std::uint64_t count = 0;
    answered.clear();
    while (::read(ends[0], &number, sizeof number) == sizeof number) {
      answered.insert(std::to_string(number));
      if (++count == enough) ::kill(child, SIGKILL);
    }
    ::close(ends[0]);
    int how = 0;
    ASSERT_EQ(::waitpid(child, &how, 0), child);
    ASSERT_TRUE(WIFSIGNALED(how));

    open();
    std::vector<Receipt> receipts;
    for (;;) {
      const auto leases = receive(*queue_, 1000);
      if (leases.empty()) break;
      for (const Lease& lease : leases) {
        answered.erase(lease.message.message_id);
        receipts.push_back(lease.receipt);
      }
    }
    EXPECT_TRUE(answered.empty()) << answered.size() << " lost";
    EXPECT_EQ(queue_->status().depth, receipts.size());
    ASSERT_TRUE(acknowledge(*queue_, std::move(receipts)));
    queue_.reset();
  }
}

}  // namespace
}  // namespace twinshift::queue
