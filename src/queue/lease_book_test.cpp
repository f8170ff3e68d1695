#include "queue/lease_book.hpp"

#include <set>

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace twinshift::queue {
namespace {

using namespace std::chrono_literals;

const base::SteadyTime kStart{};

TEST(LeaseBook, ALoanIsSettledByItsOwnReceiptOnly) {
  LeaseBook book(7);
  const auto loan = book.lend(1, kStart + 10s);
  EXPECT_EQ(loan.attempt, 1U);
  EXPECT_FALSE(book.settle(1, loan.generation + 1));
  EXPECT_FALSE(book.settle(2, loan.generation));
  EXPECT_TRUE(book.settle(1, loan.generation));
  EXPECT_FALSE(book.settle(1, loan.generation));
  EXPECT_EQ(book.size(), 0U);
}

TEST(LeaseBook, ARunOutLeaseIsLentAgainUnderANewGeneration) {
  LeaseBook book(1);
  const auto first = book.lend(1, kStart + 10s);
  EXPECT_TRUE(book.lend_due(kStart + 9s, kStart + 99s, 10).empty());
  const auto again = book.lend_due(kStart + 10s, kStart + 20s, 10);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].attempt, 2U);
  EXPECT_NE(again[0].generation, first.generation);
  // The late settlement of the first borrower must not delete what the second is working on.
  EXPECT_FALSE(book.settle(1, first.generation));
  EXPECT_FALSE(book.extend(1, first.generation, kStart + 99s));
  EXPECT_FALSE(book.give_back(1, first.generation, kStart));
  EXPECT_TRUE(book.settle(1, again[0].generation));
}

TEST(LeaseBook, ARunOutLeaseThatNobodyElseHasCanStillBeSettled) {
  LeaseBook book(1);
  const auto loan = book.lend(1, kStart + 10s);
  EXPECT_EQ(book.in_flight(kStart + 11s), 0U);
  EXPECT_TRUE(book.settle(1, loan.generation));
}

TEST(LeaseBook, AnExtensionMovesTheDeadline) {
  LeaseBook book(1);
  const auto loan = book.lend(1, kStart + 10s);
  EXPECT_TRUE(book.extend(1, loan.generation, kStart + 30s));
  EXPECT_TRUE(book.lend_due(kStart + 20s, kStart + 99s, 10).empty());
  EXPECT_EQ(book.next_due(), kStart + 30s);
  EXPECT_EQ(book.in_flight(kStart + 20s), 1U);
}

TEST(LeaseBook, WhatIsGivenBackWaitsForItsDelay) {
  LeaseBook book(1);
  const auto loan = book.lend(1, kStart + 60s);
  EXPECT_TRUE(book.give_back(1, loan.generation, kStart + 5s));
  EXPECT_EQ(book.in_flight(kStart), 0U);
  EXPECT_FALSE(book.settle(1, loan.generation));
  EXPECT_TRUE(book.lend_due(kStart + 4s, kStart + 99s, 10).empty());
  const auto again = book.lend_due(kStart + 5s, kStart + 99s, 10);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].attempt, 2U);
}

TEST(LeaseBook, TheLongestDueComesFirstAndNoMoreThanAskedFor) {
  LeaseBook book(1);
  for (std::int64_t id = 1; id <= 5; ++id) book.lend(id, kStart + std::chrono::seconds(10 - id));
  const auto due = book.lend_due(kStart + 60s, kStart + 99s, 2);
  ASSERT_EQ(due.size(), 2U);
  EXPECT_EQ(due[0].id, 5);
  EXPECT_EQ(due[1].id, 4);
}

TEST(LeaseBook, ForgetsAMessageThatIsGone) {
  LeaseBook book(1);
  book.lend(1, kStart + 10s);
  book.forget(1);
  book.forget(2);
  EXPECT_EQ(book.size(), 0U);
  EXPECT_EQ(book.next_due(), std::nullopt);
}

// Whatever is done in whatever order: no two loans share a generation, and at most one receipt of a message is valid.
TEST(LeaseBook, AtMostOneReceiptOfAMessageIsEverValid) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(seed);
    base::Random random(seed);
    LeaseBook book(1);
    base::SteadyTime now = kStart;
    std::set<std::uint32_t> generations;
    std::vector<LeaseBook::Loan> loans;
    const auto note = [&](const LeaseBook::Loan& loan) {
      EXPECT_TRUE(generations.insert(loan.generation).second);
      loans.push_back(loan);
    };
    for (std::int64_t id = 1; id <= 20; ++id) note(book.lend(id, now + 5s));
    std::set<std::int64_t> settled;
    for (int step = 0; step < 300; ++step) {
      now += std::chrono::milliseconds(random.below(1500));
      const auto& loan = loans[random.below(loans.size())];
      switch (random.below(4)) {
        case 0:
          if (book.settle(loan.id, loan.generation)) {
            EXPECT_TRUE(settled.insert(loan.id).second);
          }
          break;
        case 1:
          book.give_back(loan.id, loan.generation, now + 1s);
          break;
        case 2:
          book.extend(loan.id, loan.generation, now + 3s);
          break;
        default:
          for (const auto& again : book.lend_due(now, now + 5s, 3)) {
            EXPECT_FALSE(settled.contains(again.id));
            note(again);
          }
      }
      EXPECT_EQ(book.size() + settled.size(), 20U);
    }
  }
}

}  // namespace
}  // namespace twinshift::queue
