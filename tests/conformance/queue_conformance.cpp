// What every queue driver must do, tried on each row of the driver table.
#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/conformance/queue_testbed.hpp"
#include "tests/support/queue_calls.hpp"
#include "tests/support/wait_until.hpp"

namespace twinshift::queue {
namespace {

using namespace std::chrono_literals;
using tests::acknowledge;
using tests::enqueue;
using tests::receive;

struct Driver {
  const char* name;
  std::unique_ptr<QueueTestbed> (*make)();
};

const Driver kDrivers[] = {
#define QUEUE_DRIVER(name) {#name, make_##name##_queue_testbed},
#include "app/drivers.def"
};

class QueueConformance : public ::testing::TestWithParam<Driver> {
 protected:
  void open(TestbedLimits limits = {}) {
    queue_.reset();
    queue_ = bed_->open(limits);
  }
  void reopen(TestbedLimits limits = {}) {
    queue_->close();
    open(limits);
  }
  // So many leases, which are there or will be as soon as the driver settles.
  std::vector<Lease> lend(std::size_t count) {
    std::vector<Lease> out;
    tests::wait_until([&] {
      for (Lease& lease : receive(*queue_, count - out.size(), traits_.settles_in)) out.push_back(std::move(lease));
      return out.size() == count || traits_.settles_in == 0ms;
    });
    EXPECT_EQ(out.size(), count);
    return out;
  }
  void expect_lent(std::vector<std::string> expected) {
    std::vector<std::string> bodies;
    for (Lease& lease : lend(expected.size())) bodies.push_back(std::move(lease.message.body));
    if (!traits_.keeps_order) {
      std::ranges::sort(bodies);
      std::ranges::sort(expected);
    }
    EXPECT_EQ(bodies, expected);
    expect_nothing_lent();
  }
  void expect_nothing_lent() { EXPECT_THAT(receive(*queue_, 100, traits_.settles_in), ::testing::IsEmpty()); }
  void expect_depth(std::uint64_t depth) {
    tests::wait_until([&] { return queue_->status().depth == depth || traits_.settles_in == 0ms; });
    EXPECT_EQ(queue_->status().depth, depth);
  }
  void advance(int units, int tenths = 0) { bed_->advance(traits_.unit * units + traits_.unit * tenths / 10); }
  [[nodiscard]] TestbedLimits short_lease() const { return {.lease_timeout = 10 * traits_.unit}; }

  const std::unique_ptr<QueueTestbed> bed_ = GetParam().make();
  const TestbedTraits traits_ = bed_->traits();
  std::unique_ptr<EventQueue> queue_;
};

TEST_P(QueueConformance, GivesBackWhatWasPutIn) {
  open();
  const base::WallTime at(1'704'110'400'123'456us);
  ASSERT_TRUE(enqueue(*queue_, R"({"event_name":"install"})", "0190-id", at));
  const auto leases = lend(1);
  ASSERT_EQ(leases.size(), 1U);
  EXPECT_EQ(leases[0].message.body, R"({"event_name":"install"})");
  EXPECT_EQ(leases[0].message.message_id, "0190-id");
  EXPECT_EQ(leases[0].message.received_at, at);
  EXPECT_EQ(leases[0].attempt, 1U);
}

TEST_P(QueueConformance, LendsEachOnce) {
  open();
  for (const char* body : {"a", "b", "c", "d"}) ASSERT_TRUE(enqueue(*queue_, body));
  std::vector<std::string> bodies;
  for (const std::size_t count : {3U, 1U}) {
    for (const Lease& lease : lend(count)) bodies.push_back(lease.message.body);
  }
  if (!traits_.keeps_order) std::ranges::sort(bodies);
  EXPECT_THAT(bodies, ::testing::ElementsAre("a", "b", "c", "d"));
  expect_nothing_lent();
}

TEST_P(QueueConformance, LendsAgainAfterReopeningWhatWasNotAcknowledged) {
  open();
  for (const char* body : {"one", "other", "never lent"}) ASSERT_TRUE(enqueue(*queue_, body));
  const auto leases = lend(2);
  ASSERT_EQ(leases.size(), 2U);
  ASSERT_TRUE(acknowledge(*queue_, {leases[1].receipt}));
  reopen();
  expect_depth(2);
  std::vector<std::string> left = {"one", "other", "never lent"};
  std::erase(left, leases[1].message.body);
  expect_lent(left);
}

TEST_P(QueueConformance, AReceiptOfAnEarlierOpeningChangesNothing) {
  open();
  ASSERT_TRUE(enqueue(*queue_, "a"));
  const auto before = lend(1);
  reopen();
  const auto now = lend(1);
  ASSERT_EQ(now.size(), 1U);
  EXPECT_TRUE(acknowledge(*queue_, {before[0].receipt}));
  queue_->release({now[0].receipt}, 0ms);
  expect_lent({"a"});
}

TEST_P(QueueConformance, ALeaseThatRanOutIsLentAgainAndItsReceiptIsVoid) {
  open(short_lease());
  ASSERT_TRUE(enqueue(*queue_, "a"));
  const auto first = lend(1);
  advance(8);
  expect_nothing_lent();
  advance(3);
  const auto second = lend(1);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].attempt, 2U);
  EXPECT_NE(second[0].receipt.generation, first[0].receipt.generation);
  EXPECT_TRUE(acknowledge(*queue_, {first[0].receipt}));
  expect_depth(1);
  EXPECT_TRUE(acknowledge(*queue_, {second[0].receipt}));
  expect_depth(0);
}

TEST_P(QueueConformance, ReleaseWithADelayIsNotLentBefore) {
  open();
  ASSERT_TRUE(enqueue(*queue_, "a"));
  const auto lent = lend(1);
  queue_->release({lent[0].receipt}, 5 * traits_.unit);
  EXPECT_EQ(queue_->status().in_flight, 0U);
  expect_nothing_lent();
  advance(3);
  expect_nothing_lent();
  advance(2);
  expect_lent({"a"});
}

TEST_P(QueueConformance, ReleaseWithoutADelayIsLentAtOnce) {
  open();
  ASSERT_TRUE(enqueue(*queue_, "a"));
  const auto lent = lend(1);
  queue_->release({lent[0].receipt}, 0ms);
  const auto again = lend(1);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].attempt, 2U);
}

TEST_P(QueueConformance, AReleasedReceiptSettlesNothing) {
  open();
  ASSERT_TRUE(enqueue(*queue_, "a"));
  const auto lent = lend(1);
  queue_->release({lent[0].receipt}, 0ms);
  EXPECT_TRUE(acknowledge(*queue_, {lent[0].receipt}));
  expect_lent({"a"});
  expect_depth(1);
}

TEST_P(QueueConformance, ExtendMovesTheDeadline) {
  open(short_lease());
  ASSERT_TRUE(enqueue(*queue_, "a"));
  const auto lent = lend(1);
  advance(8);
  queue_->extend({lent[0].receipt}, 10 * traits_.unit);
  advance(7);
  expect_nothing_lent();
  EXPECT_EQ(queue_->status().in_flight, 1U);
  advance(4);
  expect_lent({"a"});
}

TEST_P(QueueConformance, KeepsAnyBytes) {
  open();
  const std::vector<std::string> hostile = {"",
                                            std::string(1, '\0'),
                                            std::string("a\0b", 3),
                                            "\xff\xfe\xc0\x80",
                                            R"("); DROP TABLE messages; --)",
                                            std::string(1U << 20U, 'x'),
                                            "\\ud800"};
  for (const std::string& body : hostile) ASSERT_TRUE(enqueue(*queue_, body, body.substr(0, 100)));
  reopen();
  expect_lent(hostile);
}

TEST_P(QueueConformance, TellsDepthAgeAndWhatIsInFlight) {
  open();
  expect_depth(0);
  EXPECT_EQ(queue_->status().oldest_age, 0ms);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(enqueue(*queue_, "a"));
  const auto lent = lend(2);
  expect_depth(3);
  const QueueStatus status = queue_->status();
  EXPECT_EQ(status.in_flight, 2U);
  EXPECT_FALSE(status.trouble);
}

TEST_P(QueueConformance, CountsWhatArrivedInEachHour) {
  open();
  const base::WallTime noon{std::chrono::hours(473'364)};
  const auto put = [&](base::WallTime at, bool again) {
    Message message{.body = "{}", .message_id = "m", .received_at = at, .again = again};
    ASSERT_TRUE(tests::enqueue(*queue_, std::move(message)));
  };
  put(noon - 1us, false);
  put(noon, false);
  put(noon + 59min, false);
  put(noon + 1min, true);
  const auto leases = lend(4);
  const auto late = std::ranges::find(leases, noon - 1us, [](const Lease& l) { return l.message.received_at; });
  if (late != leases.end()) {
    ASSERT_TRUE(acknowledge(*queue_, {late->receipt}));
  }
  auto counted = queue_->count_arrivals();
  ASSERT_TRUE(counted);
  ASSERT_EQ(counted->hours.size(), 2U);
  EXPECT_EQ(counted->hours[0].hour, noon - 1h);
  EXPECT_EQ(counted->hours[0].received, 1U);
  EXPECT_EQ(counted->hours[1].hour, noon);
  EXPECT_EQ(counted->hours[1].received, 2U);  // the third of this hour was received before
  if (!counted->waiting_known) return;
  EXPECT_EQ(counted->hours[0].waiting, 0U);
  EXPECT_EQ(counted->hours[1].waiting, 3U);
  if (!counted->kept) return;
  reopen();
  counted = queue_->count_arrivals();
  ASSERT_TRUE(counted);
  ASSERT_EQ(counted->hours.size(), 2U);
  EXPECT_EQ(counted->hours[1].received, 2U);
  EXPECT_EQ(counted->hours[1].waiting, 3U);
}

TEST_P(QueueConformance, WaitsForAMessage) {
  open();
  std::jthread later([&] { EXPECT_TRUE(enqueue(*queue_, "late")); });
  EXPECT_EQ(receive(*queue_, 1, 30s).size(), 1U);
}

TEST_P(QueueConformance, StopsWaitingWhenToldTo) {
  open();
  std::stop_source stop;
  std::jthread later([&] { stop.request_stop(); });
  const auto leases = queue_->receive(1, 30s, stop.get_token());
  ASSERT_TRUE(leases);
  EXPECT_THAT(*leases, ::testing::IsEmpty());
}

TEST_P(QueueConformance, AnAcknowledgementOfNothingIsAnswered) {
  open();
  EXPECT_TRUE(acknowledge(*queue_, {}));
  EXPECT_TRUE(acknowledge(*queue_, {Receipt{.id = 99, .generation = 1, .handle = "none"}}));
}

TEST_P(QueueConformance, AClosedQueueTakesAndGivesNothing) {
  open();
  ASSERT_TRUE(enqueue(*queue_, "a"));
  queue_->close();
  queue_->close();
  const auto late = enqueue(*queue_, "b");
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, base::ErrorKind::cancelled);
  EXPECT_FALSE(queue_->receive(1, 0ms, {}));
  open();
  expect_lent({"a"});
}

TEST_P(QueueConformance, CloseFinishesWhatWaits) {
  open();
  std::atomic<int> durable{0};
  for (int i = 0; i < 200; ++i) {
    queue_->enqueue({"a", "m", {}}, [&](const base::Status& status) { durable += status ? 1 : 0; });
  }
  reopen();
  EXPECT_EQ(durable, 200);
  expect_depth(200);
}

TEST_P(QueueConformance, AnswersFullBeyondItsBoundOnWaitingMessages) {
  open({.inbox_messages_max = 4});
  std::atomic<int> answered{0};
  std::atomic<int> full{0};
  constexpr int kSent = 2000;
  for (int i = 0; i < kSent; ++i) {
    queue_->enqueue({std::string(10'000, 'x'), "m", {}}, [&](const base::Status& status) {
      ++answered;
      if (!status && status.error().kind == base::ErrorKind::full) ++full;
    });
  }
  reopen();
  EXPECT_EQ(answered, kSent);
  EXPECT_GT(full, 0);
  expect_depth(static_cast<std::uint64_t>(kSent - full));
}

TEST_P(QueueConformance, AnswersFullBeyondItsBoundOnMessages) {
  if (!traits_.bounds_messages) GTEST_SKIP() << "this driver has no bound of its own on messages";
  open({.messages_max = 2});
  ASSERT_TRUE(enqueue(*queue_, "a"));
  ASSERT_TRUE(enqueue(*queue_, "b"));
  const auto refused = enqueue(*queue_, "c");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, base::ErrorKind::full);
  ASSERT_TRUE(acknowledge(*queue_, {receive(*queue_, 1)[0].receipt}));
  EXPECT_TRUE(enqueue(*queue_, "c"));
}

TEST_P(QueueConformance, ManyProducersAndConsumersMeetEachMessageOnce) {
  open();
  constexpr int kProducers = 4;
  constexpr int kEach = 500;
  std::mutex mutex;
  std::multiset<std::string> seen;
  std::atomic<std::size_t> left{kProducers * kEach};
  {
    std::vector<std::jthread> threads;
    for (int producer = 0; producer < kProducers; ++producer) {
      threads.emplace_back([&, producer] {
        for (int i = 0; i < kEach; ++i) {
          queue_->enqueue({std::to_string(producer * kEach + i), "m", {}},
                          [](const base::Status& status) { EXPECT_TRUE(status); });
        }
      });
    }
    for (int consumer = 0; consumer < 3; ++consumer) {
      threads.emplace_back([&] {
        while (left > 0) {
          std::vector<Receipt> receipts;
          for (Lease& lease : receive(*queue_, 64, 5ms)) {
            const std::lock_guard lock(mutex);
            seen.insert(lease.message.body);
            receipts.push_back(lease.receipt);
          }
          left -= receipts.size();
          EXPECT_TRUE(acknowledge(*queue_, std::move(receipts)));
        }
      });
    }
  }
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(kProducers * kEach));
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), seen.size());
  expect_depth(0);
}

INSTANTIATE_TEST_SUITE_P(Drivers, QueueConformance, ::testing::ValuesIn(kDrivers),
                         [](const auto& driver) { return std::string(driver.param.name); });

}  // namespace
}  // namespace twinshift::queue
