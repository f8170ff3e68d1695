#include "app/backup_hold.hpp"

#include <gmock/gmock.h>

#include "queue/drivers/sqlite/sqlite_queue.hpp"
#include "tests/support/queue_calls.hpp"
#include "tests/support/temporary_folder.hpp"

namespace twinshift::app {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class BackupHoldTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = queue::open_sqlite_queue({.path = (folder_ / "queue.db").string(), .disk_reserve_bytes = 0});
    ASSERT_TRUE(opened);
    queue_ = std::move(*opened);
    ASSERT_TRUE(tests::enqueue(*queue_, "{}", "a"));
  }
  control::Reply ask(const char* verb, std::vector<std::string> arguments = {}) {
    return answer_backup(turns_, *queue_, {verb, std::move(arguments)});
  }
  std::uint64_t waiting() { return queue_->count_arrivals()->hours.at(0).waiting; }

  tests::TemporaryFolder folder_;
  std::unique_ptr<queue::EventQueue> queue_;
  Turns turns_{1ms};
};

TEST_F(BackupHoldTest, HoldsDeletionsAndCommandsUntilItEnds) {
  const control::Reply held = ask(kBackupBeginVerb);
  ASSERT_TRUE(held.ok) << held.text;
  queue_->acknowledge({tests::receive(*queue_, 1)[0].receipt}, [](const base::Status&) {});
  ASSERT_TRUE(tests::enqueue(*queue_, "{}", "b"));
  EXPECT_EQ(waiting(), 2U);
  EXPECT_THAT(turns_.run([] { return control::Reply{true, {}}; }).text, HasSubstr("still under way"));
  EXPECT_EQ(ask(kBackupEndVerb, {held.text}).text, "lasted");
  EXPECT_TRUE(turns_.run([] { return control::Reply{true, {}}; }).ok);
  EXPECT_EQ(ask(kBackupEndVerb, {held.text}).text, "ran out");
}

TEST_F(BackupHoldTest, ASecondBackupIsToldOfTheFirst) {
  ASSERT_TRUE(ask(kBackupBeginVerb).ok);
  EXPECT_THAT(ask(kBackupBeginVerb).text, HasSubstr("still under way"));
}

TEST_F(BackupHoldTest, ADeletionMeanwhileIsTold) {
  const control::Reply held = ask(kBackupBeginVerb);
  ASSERT_TRUE(held.ok);
  ASSERT_TRUE(queue_);
  queue_->close();
  EXPECT_EQ(ask(kBackupEndVerb, {held.text}).text, "ran out");
}

TEST_F(BackupHoldTest, WhatIsNoNumberIsNotUnderstood) {
  EXPECT_FALSE(ask(kBackupEndVerb).ok);
  EXPECT_FALSE(ask(kBackupEndVerb, {"x"}).ok);
}

}  // namespace
}  // namespace twinshift::app
