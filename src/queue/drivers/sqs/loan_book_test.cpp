#include "queue/drivers/sqs/loan_book.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace twinshift::queue::sqs {
namespace {

using namespace std::chrono_literals;

class LoanBookTest : public ::testing::Test {
 protected:
  void add(const std::string& id, const std::string& handle, std::vector<std::string> bodies = {"a"}) {
    Received received{.sqs_id = id, .handle = handle, .messages = {}, .attempt = 3, .sent_at = base::WallTime(7s)};
    for (std::string& body : bodies) received.messages.push_back({std::move(body), "m", {}});
    book_.add(std::move(received), now_);
  }
  std::vector<Lease> lend(std::size_t events) { return book_.lend(events, 1'000'000); }

  base::SteadyTime now_{100h};
  LoanBook book_{60s, 5};
};

TEST_F(LoanBookTest, DeletesAMessageOnceItsEventIsAcknowledged) {
  add("1", "h1");
  EXPECT_EQ(book_.stock_events(), 1U);
  EXPECT_EQ(book_.stock_bytes(), 1U);
  const auto leases = lend(9);
  ASSERT_EQ(leases.size(), 1U);
  EXPECT_EQ(leases[0].attempt, 3U);
  EXPECT_EQ(leases[0].deadline, now_ + 60s);
  EXPECT_EQ(book_.stock_events(), 0U);
  EXPECT_EQ(book_.events_lent(now_), 1U);
  EXPECT_EQ(book_.oldest_sent_at(), base::WallTime(7s));
  const auto settling = book_.acknowledge(leases[0].receipt, now_);
  ASSERT_TRUE(settling);
  EXPECT_EQ(settling->handle, "h1");
  EXPECT_FALSE(settling->visibility);
  EXPECT_FALSE(book_.acknowledge(leases[0].receipt, now_));
  EXPECT_EQ(book_.messages(), 0U);
}

TEST_F(LoanBookTest, SettlesAPackWithItsLastEvent) {
  add("1", "h1", {"a", "b", "c"});
  const auto two = lend(2);
  const auto one = lend(5);
  ASSERT_EQ(two.size(), 2U);
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(one[0].message.body, "c");
  EXPECT_FALSE(book_.acknowledge(two[1].receipt, now_));
  EXPECT_FALSE(book_.acknowledge(one[0].receipt, now_));
  EXPECT_EQ(book_.events_lent(now_), 1U);
  EXPECT_TRUE(book_.acknowledge(two[0].receipt, now_));
}

TEST_F(LoanBookTest, GivesAPackBackWhereOneEventWasReleased) {
  add("1", "h1", {"a", "b", "c"});
  const auto leases = lend(3);
  EXPECT_FALSE(book_.release(leases[0].receipt, 1500ms, now_));
  EXPECT_FALSE(book_.release(leases[1].receipt, 0ms, now_));
  const auto settling = book_.acknowledge(leases[2].receipt, now_);
  ASSERT_TRUE(settling);
  EXPECT_EQ(settling->visibility, 2s);  // whole seconds, never earlier
}

TEST_F(LoanBookTest, ANewerLoanOfTheSameMessageMakesTheOlderOneVoid) {
  add("1", "old", {"a", "b"});
  const auto before = lend(1);  // the other one is still in stock
  add("1", "new", {"a", "b"});
  EXPECT_EQ(book_.stock_events(), 2U);
  EXPECT_EQ(book_.stock_bytes(), 2U);
  const auto after = lend(9);
  ASSERT_EQ(after.size(), 2U);
  EXPECT_NE(before[0].receipt.generation, after[0].receipt.generation);
  EXPECT_FALSE(book_.acknowledge(before[0].receipt, now_));
  EXPECT_FALSE(book_.release(before[0].receipt, 0ms, now_));
  EXPECT_FALSE(book_.extend(before[0].receipt, 60s, now_));
  EXPECT_FALSE(book_.acknowledge(after[0].receipt, now_));
  EXPECT_EQ(book_.acknowledge(after[1].receipt, now_)->handle, "new");
}

TEST_F(LoanBookTest, ReceiptsOfStrangersFitNothing) {
  add("1", "h1");
  const auto leases = lend(1);
  Receipt wrong = leases[0].receipt;
  ++wrong.generation;
  EXPECT_FALSE(book_.acknowledge(wrong, now_));
  wrong = leases[0].receipt;
  ++wrong.id;  // a part that the message does not have
  EXPECT_FALSE(book_.acknowledge(wrong, now_));
  EXPECT_FALSE(book_.acknowledge({.id = -1, .generation = 0, .handle = {}}, now_));
}

TEST_F(LoanBookTest, LendsNoMoreBytesThanAskedForButOneEvent) {
  add("1", "h1", {std::string(100, 'x'), std::string(100, 'x')});
  EXPECT_EQ(book_.lend(9, 50).size(), 1U);
  EXPECT_EQ(book_.lend(9, 50).size(), 1U);
  EXPECT_EQ(book_.lend(9, 50).size(), 0U);
}

TEST_F(LoanBookTest, ExtendsOnceForAPackAndNeverBeyondWhatSqsAllows) {
  add("1", "h1", {"a", "b"});
  const auto leases = lend(2);
  const auto first = book_.extend(leases[0].receipt, 90s, now_);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->visibility, 90s);
  EXPECT_FALSE(book_.extend(leases[1].receipt, 90s, now_));
  now_ += LoanBook::kKeptMax - 70s;
  EXPECT_EQ(book_.extend(leases[0].receipt, 90s, now_)->visibility, 70s);
  now_ += 20s;
  const auto last = book_.extend(leases[0].receipt, 90s, now_);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->visibility, LoanBook::kGiveBackDelay);
  EXPECT_FALSE(book_.acknowledge(leases[1].receipt, now_));
}

TEST_F(LoanBookTest, AReleaseNeverGoesBeyondWhatSqsAllows) {
  add("1", "h1");
  const auto leases = lend(1);
  now_ += 1h;
  EXPECT_EQ(book_.release(leases[0].receipt, 24h, now_)->visibility, 10h);
}

TEST_F(LoanBookTest, StockThatWaitsIsKeptOrGivenBack) {
  add("1", "h1");
  now_ += 20s;
  add("2", "h2");
  EXPECT_THAT(book_.age(now_, true), ::testing::IsEmpty());
  now_ += 15s;
  const auto kept = book_.age(now_, true);
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0].handle, "h1");
  EXPECT_EQ(kept[0].visibility, 60s);
  now_ += 20s;
  const auto given_back = book_.age(now_, false);
  ASSERT_EQ(given_back.size(), 1U);
  EXPECT_EQ(given_back[0].handle, "h2");
  EXPECT_EQ(given_back[0].visibility, LoanBook::kGiveBackDelay);
  EXPECT_EQ(lend(9).size(), 1U);
}

TEST_F(LoanBookTest, ForgetsLoansThatRanOutLongAgo) {
  add("1", "h1");
  const auto leases = lend(1);
  now_ += 61s;
  EXPECT_EQ(book_.events_lent(now_), 0U);
  EXPECT_THAT(book_.age(now_, true), ::testing::IsEmpty());
  EXPECT_EQ(book_.messages(), 1U);  // its handle may still be the newest
  now_ += 60s;
  EXPECT_THAT(book_.age(now_, true), ::testing::IsEmpty());
  EXPECT_EQ(book_.messages(), 0U);
}

TEST_F(LoanBookTest, GivesEverythingBackAtTheEnd) {
  add("1", "h1");
  add("2", "h2");
  const auto leases = lend(1);
  EXPECT_EQ(book_.give_back_all(3s).size(), 2U);
  EXPECT_EQ(book_.messages(), 0U);
  EXPECT_EQ(book_.stock_events(), 0U);
  EXPECT_EQ(book_.stock_bytes(), 0U);
  EXPECT_FALSE(book_.acknowledge(leases[0].receipt, now_));
}

}  // namespace
}  // namespace twinshift::queue::sqs
