// What a person's replay does while the lanes go on writing the same quarantine.
#include "app/quarantine_actions.hpp"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quarantine/drivers/sqlite/sqlite_quarantine.hpp"
#include "tests/support/fake_queue.hpp"
#include "tests/support/idle_queue.hpp"
#include "tests/support/quarantine_calls.hpp"
#include "tests/support/temporary_folder.hpp"

namespace twinshift::app {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class QuarantineActionsTest : public testing::Test {
 protected:
  QuarantineActionsTest() { refuse(); }

  void refuse() { ASSERT_TRUE(tests::put(*quarantine_, {tests::refused("primary", tests::event_of(1))})); }
  std::vector<quarantine::Record> records() { return open_reader()->read({}).value(); }
  std::unique_ptr<quarantine::Reader> open_reader() { return quarantine::open_sqlite_quarantine_reader(path_).value(); }
  QuarantineActions actions() {
    return QuarantineActions({.quarantine = quarantine_.get(),
                              .open_reader = [this](std::stop_token) { return open_reader(); },
                              .queue = &queue_});
  }

  tests::TemporaryFolder folder_;
  const std::string path_ = folder_ / "quarantine.db";
  std::unique_ptr<quarantine::Quarantine> quarantine_ = quarantine::open_sqlite_quarantine({.path = path_}).value();
  tests::FakeQueue queue_;
};

TEST_F(QuarantineActionsTest, ARecordThatIsReplayedGoes) {
  const auto replayed = actions().replay(tests::tickets_of(records()));
  ASSERT_TRUE(replayed) << replayed.error().text();
  EXPECT_EQ(replayed->sent, 1U);
  EXPECT_EQ(replayed->stay, 0U);
  EXPECT_EQ(queue_.depth(), 1U);
  EXPECT_THAT(records(), IsEmpty());
}

TEST_F(QuarantineActionsTest, OneThatWasRefusedAgainSinceItWasListedIsReplayedAllTheSame) {
  const auto listed = tests::tickets_of(records());
  refuse();
  const auto reply = actions().answer({kReplayVerb, {text_of(listed.at(0))}});
  EXPECT_TRUE(reply.ok);
  EXPECT_EQ(reply.text, "1 0");
  EXPECT_EQ(queue_.depth(), 1U);
  EXPECT_THAT(records(), IsEmpty());
}

// As a lane does between the queue's commit and the record's removal.
class RefusingQueue final : public tests::IdleQueue {
 public:
  explicit RefusingQueue(std::function<void()> refuse) : refuse_(std::move(refuse)) {}
  void enqueue(queue::Message, queue::Done done) override {
    refuse_();
    done({});
  }

 private:
  std::function<void()> refuse_;
};

TEST_F(QuarantineActionsTest, OneThatIsRefusedAgainAtOnceWasSentAndStays) {
  RefusingQueue queue([this] { refuse(); });
  QuarantineActions actions({.quarantine = quarantine_.get(),
                             .open_reader = [this](std::stop_token) { return open_reader(); },
                             .queue = &queue});
  const auto reply = actions.answer({kReplayVerb, {text_of(tests::tickets_of(records()).at(0))}});
  EXPECT_TRUE(reply.ok);
  EXPECT_EQ(reply.text, "1 1");
  EXPECT_THAT(records(), SizeIs(1));
}

TEST_F(QuarantineActionsTest, OneThatWasRefusedAgainIsNotDropped) {
  const auto listed = tests::tickets_of(records());
  refuse();
  EXPECT_EQ(actions().answer({kDropVerb, {text_of(listed.at(0))}}).text, "0");
  EXPECT_THAT(records(), SizeIs(1));
}

}  // namespace
}  // namespace twinshift::app
