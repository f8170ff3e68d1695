#include "app/debts_answer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/time_text.hpp"
#include "event/identity.hpp"
#include "tests/support/fake_queue.hpp"
#include "tests/support/queue_calls.hpp"

namespace twinshift::app {
namespace {

using namespace std::chrono_literals;
using proof::Owing;
using proof::Span;

TEST(DebtsAnswer, DigestsGoThroughTheSocketUnchanged) {
  const auto request = owed_request("secondary", {base::WallTime(1us), base::WallTime(7'200s)}, 3'600s);
  EXPECT_EQ(request.arguments, (std::vector<std::string>{"secondary", "1", "7200000000", "3600"}));
  const auto read = read_owed_answer({true, "473364 2 5 7 473365 1 0 3"});
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, (proof::Digests{{473'364, {2, 5, 7}}, {473'365, {1, 0, 3}}}));
  EXPECT_TRUE(read_owed_answer({true, ""})->empty());
}

TEST(DebtsAnswer, EachIdHasALetter) {
  const auto read = read_owes_answer({true, "ynup"}, 4);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, (std::vector<Owing>{Owing::yes, Owing::no, Owing::unknown, Owing::perhaps}));
}

TEST(DebtsAnswer, WhatIsNoSuchAnswerIsRefused) {
  EXPECT_EQ(read_owes_answer({true, "yn"}, 3).error().kind, base::ErrorKind::conflict);
  EXPECT_EQ(read_owes_answer({true, "yn?"}, 3).error().kind, base::ErrorKind::conflict);
  EXPECT_EQ(read_owed_answer({true, "1 2 3"}).error().kind, base::ErrorKind::conflict);
  EXPECT_EQ(read_owed_answer({true, "1 2 3 x"}).error().kind, base::ErrorKind::conflict);
  EXPECT_EQ(read_owed_answer({false, "busy"}).error().message, "the service says: busy");
}

TEST(DebtsAnswer, MoreWindowsThanOneAnswerHoldsAreRefusedNotCut) {
  tests::FakeQueue queue;
  queue.let_tell();
  const auto ask = [&] {
    const Span all{base::WallTime{}, base::WallTime(4'000'000'000s)};
    return read_owed_answer(answer_debts({.queue = &queue}, owed_request("secondary", all, 3'600s)));
  };
  const auto add = [&](std::size_t hour) {
    const base::WallTime at{1'300'000'000s + hour * 1h};
    const std::string body = fmt::format(R"({{"n":{},"event_time":"{}"}})", hour, base::sql_timestamp(at));
    ASSERT_TRUE(tests::enqueue(queue, body));
  };
  for (std::size_t hour = 0; hour < kOwedWindowsMax; ++hour) add(hour);
  EXPECT_EQ(ask()->size(), kOwedWindowsMax);
  add(kOwedWindowsMax);
  const auto refused = ask();
  ASSERT_FALSE(refused) << "what is cut would pass for all that is owed";
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("--window"));
}

// Found by the simulator: an event that is doubled on one side and owed to the other is asked for as both.
TEST(DebtsAnswer, AnIdThatIsAskedForTwiceIsAnsweredTwice) {
  tests::FakeQueue queue;
  queue.let_tell();
  const std::string body = R"({"n":1,"event_time":"2026-01-01 00:00:00"})";
  ASSERT_TRUE(tests::enqueue(queue, body));
  const std::string id = event::content_id(body).hex();
  const std::vector<std::string> ids{id, id, std::string(32, '0')};
  const auto answers = proof::StoreDebts({.queue = &queue}).owes("secondary", ids);
  ASSERT_TRUE(answers);
  EXPECT_EQ(*answers, (std::vector<Owing>{Owing::yes, Owing::yes, Owing::no}));
}

TEST(DebtsAnswer, AStrangeRequestIsRefused) {
  const proof::StoreDebts::Parts nothing;
  EXPECT_FALSE(answer_debts(nothing, {kOwedVerb, {"secondary", "1", "2"}}).ok);
  EXPECT_FALSE(answer_debts(nothing, {kOwedVerb, {"secondary", "1", "2", "0"}}).ok);
  EXPECT_FALSE(answer_debts(nothing, {kOwedVerb, {"secondary", "now", "2", "60"}}).ok);
  EXPECT_FALSE(answer_debts(nothing, {kOwesVerb, {}}).ok);
  EXPECT_FALSE(answer_debts(nothing, {kOwesVerb, std::vector<std::string>(kOwesIdsMax + 2, "x")}).ok);
}

}  // namespace
}  // namespace twinshift::app
