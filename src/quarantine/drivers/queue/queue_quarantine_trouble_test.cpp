// The quarantine in a queue when things go wrong, at its bounds, and with others on the same queue.
#include <chrono>
#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quarantine/drivers/queue/half_kept.hpp"
#include "quarantine/drivers/queue/queue_quarantine.hpp"
#include "quarantine/drivers/queue/queue_quarantine_fixture.hpp"
#include "tests/support/queue_calls.hpp"

namespace twinshift::quarantine {
namespace {

using namespace std::chrono_literals;
using base::ErrorKind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

const base::Error kGone{ErrorKind::unavailable, "gone", "queue", "wait"};

class QueueQuarantineTrouble : public QueueQuarantineFixture {
 protected:
  tests::FakeQueue& fake() { return static_cast<tests::FakeQueue&>(*queue_); }
};

TEST_F(QueueQuarantineTrouble, TheStartDoesNotWaitForItsSweep) {
  open();
  fill("primary", 2);
  quarantine_.reset();
  std::promise<void> go;
  const std::shared_future<void> gone = go.get_future().share();
  const int before = openings_;
  at_opening_ = [gone, before](int number) -> std::optional<base::Error> {
    if (number == before + 1) gone.wait();
    return std::nullopt;
  };
  quarantine_ = open_quarantine();
  ASSERT_TRUE(put(*quarantine_, {refused("primary", event_of(2)), refused("primary", event_of(3))}));
  EXPECT_THAT(quarantine_->status().records, ElementsAre(Pair("primary", 2))) << "what it kept itself";
  go.set_value();
  EXPECT_TRUE(tests::wait_until([&] { return quarantine_->status().records["primary"] == 3; }))
      << "each once, whether the sweep saw it or not";
}

TEST_F(QueueQuarantineTrouble, AnOpeningThatFailsIsSaid) {
  at_opening_ = [](int) { return std::optional(kGone); };
  quarantine_ = open_quarantine();
  const auto removed = remove(*quarantine_, {{1, 1}});
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().message, "gone");
  const auto read = reader()->read({});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "gone");
}

TEST_F(QueueQuarantineTrouble, ASweepThatFailedComesAgain) {
  open();
  fill("primary", 2);
  quarantine_.reset();
  options_.sweep_again = 1ms;
  const int before = openings_;
  at_opening_ = [before](int number) { return number < before + 5 ? std::optional(kGone) : std::nullopt; };
  quarantine_ = open_quarantine();
  EXPECT_TRUE(tests::wait_until([&] { return quarantine_->status().records["primary"] == 2; }));
  EXPECT_FALSE(quarantine_->status().trouble) << "it can keep events all the while";
}

TEST_F(QueueQuarantineTrouble, TheQueueIsSweptEverySoOften) {
  options_.sweep_every = 1ms;
  open();
  EXPECT_TRUE(tests::wait_until([&] { return closings_ > 5; }));
}

TEST_F(QueueQuarantineTrouble, APutThatFailsIsSaidAndItsRepetitionMerges) {
  open();
  fake().fail_enqueues(kGone);
  const auto failed = put(*quarantine_, {refused("primary", event_of(1))});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "gone");
  ASSERT_TRUE(quarantine_->status().trouble);
  EXPECT_EQ(quarantine_->status().trouble->message, "gone");
  EXPECT_THAT(quarantine_->status().records, IsEmpty());
  fake().fail_enqueues(std::nullopt);
  fill("primary", 1);
  EXPECT_FALSE(quarantine_->status().trouble);
  EXPECT_THAT(records(), SizeIs(1));
}

// Fails one message for good, as SQS does with one that it cannot carry.
class PickyQueue final : public tests::QueueHandle {
 public:
  PickyQueue(std::shared_ptr<queue::EventQueue> queue, std::string refuses)
      : QueueHandle(std::move(queue)), refuses_(std::move(refuses)) {}
  void enqueue(queue::Message message, queue::Done done) override {
    if (message.message_id == refuses_) return done(base::fail(kGone));
    QueueHandle::enqueue(std::move(message), std::move(done));
  }
  void relent() { refuses_ = "nothing"; }

 private:
  std::string refuses_;
};

event::EventPtr named(std::uint8_t number, std::string message_id) {
  auto event = std::make_shared<event::Event>();
  event->id.bytes.back() = number;
  event->message_id = std::move(message_id);
  return event;
}

TEST_F(QueueQuarantineTrouble, APutThatWasKeptInPartIsAnErrorAndItsRepetitionKeepsTheRest) {
  auto picky = std::make_unique<PickyQueue>(queue_, "bad");
  PickyQueue& link = *picky;
  quarantine_ = open_queue_quarantine(std::move(picky), opener(), options_);
  const std::vector<Refused> both = {refused("primary", named(1, "good")), refused("primary", named(2, "bad"))};
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(put(*quarantine_, both));
  EXPECT_EQ(fake().depth(), 1U) << "a put() that fails for long does not fill the queue";
  link.relent();
  ASSERT_TRUE(put(*quarantine_, both));
  EXPECT_EQ(fake().depth(), 2U);
  EXPECT_THAT(quarantine_->status().records, ElementsAre(Pair("primary", 2)));
  ASSERT_TRUE(put(*quarantine_, both)) << "a later refusal is another one";
  EXPECT_EQ(fake().depth(), 4U);
}

TEST_F(QueueQuarantineTrouble, WhatWasKeptInPartIsForgottenAfterAWhileAndAfterARemoval) {
  quarantine_ = open_queue_quarantine(std::make_unique<PickyQueue>(queue_, "bad"), opener(), options_);
  const std::vector<Refused> good = {refused("primary", named(1, "good"))};
  const std::vector<Refused> both = {good[0], refused("primary", named(2, "bad"))};
  ASSERT_TRUE(tests::wait_until([&] { return closings_ > 0; }));
  EXPECT_FALSE(put(*quarantine_, both));
  EXPECT_EQ(remove(*quarantine_, tickets_of(records())).value(), 1U);
  ASSERT_TRUE(put(*quarantine_, good));
  EXPECT_THAT(records(), SizeIs(1)) << "else it would stand nowhere";
  EXPECT_FALSE(put(*quarantine_, both));
  clock_.advance(HalfKept::kRememberedFor);
  ASSERT_TRUE(put(*quarantine_, good));
  const auto found = records();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].tries, 3U);
}

// Keeps what is put and never says so, as a process that is killed before the answer.
class MuteQueue final : public tests::QueueHandle {
 public:
  using QueueHandle::QueueHandle;
  void enqueue(queue::Message message, queue::Done /*done*/) override {
    QueueHandle::enqueue(std::move(message), [](const base::Status&) {});
  }
};

TEST_F(QueueQuarantineTrouble, ACrashBetweenKeepingAndTheAnswerLeavesOneRecord) {
  bool answered = false;
  {
    auto killed = open_queue_quarantine(std::make_unique<MuteQueue>(queue_), opener(), options_);
    killed->put({refused("primary", event_of(1))}, [&](const base::Status&) { answered = true; });
  }
  EXPECT_FALSE(answered);
  open();  // the event is delivered again, and refused again
  fill("primary", 1);
  const auto found = records();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].tries, 2U);
  EXPECT_THAT(quarantine_->status().records, ElementsAre(Pair("primary", 1)));
}

TEST_F(QueueQuarantineTrouble, TwoOnOneQueueAreOneQuarantine) {
  open();
  auto other = open_swept();
  fill("primary", 2);
  clock_.advance(1us);  // within one microsecond the two have no order
  ASSERT_TRUE(put(*other, {refused("primary", event_of(2)), refused("secondary", event_of(3))}));
  const auto found = records();
  ASSERT_THAT(found, SizeIs(3));
  EXPECT_EQ(found[1].tries, 2U);
  EXPECT_EQ(remove(*other, tickets_of(found)).value(), 3U) << "whoever kept them";
  EXPECT_THAT(records(), IsEmpty());
  ASSERT_TRUE(remove(*quarantine_, {}));
  EXPECT_THAT(quarantine_->status().records, IsEmpty()) << "each sweep counts anew";
}

TEST_F(QueueQuarantineTrouble, WhatAnotherReaderHoldsIsNotRemovedByHalves) {
  open();
  fill("primary", 1);
  fill("primary", 1);  // one record, two messages
  const auto found = records();
  auto holder = std::make_unique<tests::QueueHandle>(queue_);
  ASSERT_THAT(tests::receive(*holder, 1), SizeIs(1));
  EXPECT_EQ(remove(*quarantine_, tickets_of(found)).value(), 0U);
  holder->close();
  EXPECT_EQ(remove(*quarantine_, tickets_of(found)).value(), 1U);
  EXPECT_EQ(fake().depth(), 0U);
}

TEST_F(QueueQuarantineTrouble, ARemovalThatFailsLeavesItsRecords) {
  open();
  fill("primary", 2);
  const auto tickets = tickets_of(records());
  fake().fail_acknowledges(kGone);
  const auto failed = remove(*quarantine_, tickets);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "gone");
  fake().fail_acknowledges(std::nullopt);
  EXPECT_THAT(records(), SizeIs(2)) << "given back, too";
  fake().fail_receives(kGone);
  EXPECT_FALSE(remove(*quarantine_, tickets));
  fake().fail_receives(std::nullopt);
  EXPECT_EQ(remove(*quarantine_, tickets).value(), 2U);
}

TEST_F(QueueQuarantineTrouble, RemovalsThatWaitAreBoundedAndShareASweep) {
  options_.removals_max = 2;
  std::promise<void> go;
  const std::shared_future<void> gone = go.get_future().share();
  std::atomic<bool> blocked = false;
  at_opening_ = [&, gone](int number) -> std::optional<base::Error> {
    if (number == 1) {
      blocked = true;
      gone.wait();
    }
    return std::nullopt;
  };
  quarantine_ = open_quarantine();
  ASSERT_TRUE(tests::wait_until([&] { return blocked.load(); }));
  auto first = start_remove(*quarantine_, {{1, 1}});
  auto second = start_remove(*quarantine_, {{1, 1}});
  const auto third = remove(*quarantine_, {{1, 1}});
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().kind, ErrorKind::full);
  go.set_value();
  EXPECT_EQ(first.get().value(), 0U);
  EXPECT_EQ(second.get().value(), 0U);
  EXPECT_EQ(openings_, 2) << "for the start, and one for both";
}

TEST_F(QueueQuarantineTrouble, ClosingEndsASweepAndAnswersEverybody) {
  options_.sweep.first_wait = 1h;
  options_.sweep.empty_wait = 1h;
  quarantine_ = open_quarantine();
  fill("primary", 1);
  auto waiting = start_remove(*quarantine_, {{1, 1}});
  quarantine_->close();
  const auto answer = waiting.get();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::cancelled) << answer.error().text();
  EXPECT_THAT(records(), SizeIs(1)) << "what the sweep held was given back";
}

TEST_F(QueueQuarantineTrouble, AStopEndsAReadersSweep) {
  std::stop_source stop;
  reader_options_.stop = stop.get_token();
  reader_options_.sweep.first_wait = 1h;
  auto reader = this->reader();
  stop.request_stop();
  const auto read = reader->read({});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::cancelled);
}

TEST_F(QueueQuarantineTrouble, KeepsWhileOthersRemove) {
  open();
  constexpr int kEach = 40;
  std::vector<std::jthread> writers;
  for (std::uint8_t writer = 0; writer < 3; ++writer) {
    writers.emplace_back([this, writer] {
      for (std::uint8_t i = 0; i < kEach; ++i) {
        EXPECT_TRUE(put(*quarantine_, {refused("primary", event_of(static_cast<std::uint8_t>(writer * kEach + i)))}));
      }
    });
  }
  std::uint64_t gone = 0;
  EXPECT_TRUE(tests::wait_until([&] {
    const auto removed = remove(*quarantine_, tickets_of(records()));
    gone += removed.value_or(0);
    return gone == 3 * kEach;
  }));
  writers.clear();
  EXPECT_EQ(gone, 3U * kEach);
  EXPECT_EQ(fake().depth(), 0U);
  EXPECT_THAT(quarantine_->status().records, IsEmpty());
}

TEST_F(QueueQuarantineTrouble, ASweepIsBoundedAndGivesEverythingBack) {
  open();
  fill("primary", 10);
  reader_options_.sweep.messages_max = 4;
  reader_options_.sweep.receive_messages_max = 3;
  EXPECT_THAT(records(), SizeIs(4));
  auto handle = std::make_unique<tests::QueueHandle>(queue_);
  EXPECT_THAT(tests::receive(*handle, 100), SizeIs(10));
}

TEST_F(QueueQuarantineTrouble, ASweepHoldsOnToWhatItReads) {
  // Leases shorter than the sweep's own: extended at once, so nothing comes twice.
  const auto short_lived = std::make_shared<tests::FakeQueue>(1s);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(tests::enqueue(*short_lived, "x"));
  auto sweep =
      Sweep::open([&] { return std::make_unique<tests::QueueHandle>(short_lived); }, quick(), base::system_clock())
          .value();
  const auto swept = sweep.run({}, [](const Refusal&) {});
  ASSERT_TRUE(swept);
  EXPECT_EQ(swept->messages, 3U);
  EXPECT_EQ(swept->foreign, 3U);
  EXPECT_TRUE(swept->is_all);
  EXPECT_EQ(short_lived->extended(), 3U);
}

// A queue elsewhere that has not told its depth.
class SilentQueue final : public tests::QueueHandle {
 public:
  using QueueHandle::QueueHandle;
  base::Result<std::vector<queue::Lease>> receive(std::size_t messages_max, std::chrono::milliseconds wait,
                                                  std::stop_token stop) override {
    ++receives;
    return QueueHandle::receive(messages_max, wait, std::move(stop));
  }
  queue::QueueStatus status() override { return {.depth_known = false, .oldest_age = {}, .trouble = {}}; }
  int receives = 0;
};

TEST_F(QueueQuarantineTrouble, ASweepOfAQueueThatSaysNothingIsPatientAndDoesNotCallItEmpty) {
  SilentQueue* silent = nullptr;
  auto sweep = Sweep::open(
                   [&] {
                     auto queue = std::make_unique<SilentQueue>(queue_);
                     silent = queue.get();
                     return queue;
                   },
                   quick(), base::system_clock())
                   .value();
  const auto swept = sweep.run({}, [](const Refusal&) {});
  ASSERT_TRUE(swept);
  EXPECT_FALSE(swept->is_all);
  EXPECT_EQ(silent->receives, 5);
}

TEST_F(QueueQuarantineTrouble, ASweepKnowsWhenOthersHoldAPart) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(tests::enqueue(*queue_, "x"));
  auto holder = std::make_unique<tests::QueueHandle>(queue_);
  ASSERT_THAT(tests::receive(*holder, 1), SizeIs(1));
  auto sweep = Sweep::open(opener(), quick(), base::system_clock()).value();
  const auto swept = sweep.run({}, [](const Refusal&) {});
  ASSERT_TRUE(swept);
  EXPECT_EQ(swept->messages, 2U);
  EXPECT_FALSE(swept->is_all);
}

}  // namespace
}  // namespace twinshift::quarantine
