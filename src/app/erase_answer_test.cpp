#include "app/erase_answer.hpp"

#include <gtest/gtest.h>

#include "tests/support/idle_queue.hpp"
#include "tests/support/manual_clock.hpp"

namespace twinshift::app {
namespace {

using base::ErrorKind;
using warehouse::EventPlace;

const Person kPerson{"customer_user_id", "secret"};

// What waits, shown one at a time; everything else is of no account here.
class Waiting final : public tests::IdleQueue {
 public:
  std::vector<std::string> bodies;
  bool tells = true;
  std::uint64_t depth = 0;

  queue::QueueStatus status() override {
    queue::QueueStatus status;
    status.depth = depth;
    return status;
  }
  base::Result<bool> visit(const queue::ShowMessages& show) override {
    for (const std::string& body : bodies) {
      const queue::Message message{.body = body, .message_id = "m"};
      if (tells && !show({&message, 1})) break;
    }
    return tells;
  }
};

class IdsOnly final : public tests::IdleBacklog {
 public:
  explicit IdsOnly(std::uint64_t ids) : ids_(ids) {}
  backlog::BacklogStatus status() override {
    backlog::BacklogStatus status;
    status.storage.emplace().ids_only = ids_;
    return status;
  }

 private:
  const std::uint64_t ids_;
};

TEST(EraseAnswer, WhatWaitsGoesThroughTheSocketUnchanged) {
  Waiting queue;
  queue.bodies = {R"({"customer_user_id":"secret","event_time":"2024-01-01 12:00:00"})", "{}", "no event",
                  R"({"customer_user_id":"secret","n":1})"};
  const proof::StoreDebts::Parts stores{.queue = &queue};
  const auto reply = answer_erase_waiting(stores, erase_waiting_request(kPerson));
  ASSERT_TRUE(reply.ok) << reply.text;
  const auto found = read_waiting_answer(reply);
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_TRUE(found->all_told);
  ASSERT_EQ(found->events.size(), 2U);
  EXPECT_EQ(found->events[0].id, (*event::decode_event(queue.bodies[0], "m", {}))->id);
  EXPECT_EQ(found->events[0].event_at, base::WallTime(std::chrono::seconds(1'704'110'400)));
  queue.bodies.clear();
  EXPECT_TRUE(read_waiting_answer(answer_erase_waiting(stores, erase_waiting_request(kPerson)))->events.empty());
}

TEST(EraseAnswer, AQueueThatCannotTellHasToldAllWhereItIsEmpty) {
  Waiting queue;
  queue.tells = false;
  EXPECT_TRUE(find_waiting({.queue = &queue}, kPerson)->all_told);
  queue.depth = 1;
  const auto reply = answer_erase_waiting({.queue = &queue}, erase_waiting_request(kPerson));
  EXPECT_FALSE(read_waiting_answer(reply)->all_told);
}

TEST(EraseAnswer, MoreThanOneAnswerHoldsIsToldSo) {
  Waiting queue;
  queue.bodies.assign(kWaitingMax + 1, R"({"customer_user_id":"secret"})");
  const auto reply = answer_erase_waiting({.queue = &queue}, erase_waiting_request(kPerson));
  EXPECT_LT(reply.text.size(), control::kRequestBytesMax);
  const auto found = read_waiting_answer(reply);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->events.size(), kWaitingMax);
  EXPECT_FALSE(found->all_told);
}

TEST(EraseAnswer, AnOrderOfMostEventsFitsIntoARequest) {
  const std::vector<EventPlace> places(kErasePlacesMax, EventPlace{{}, base::WallTime::max()});
  const auto request = erase_request("idfa", "primary", places);
  std::size_t bytes = 0;
  for (const std::string& argument : request.arguments) bytes += argument.size() + 1;
  EXPECT_LT(bytes, control::kRequestBytesMax / 2);
}

TEST(EraseAnswer, WhatIsNotUnderstoodIsRefusedAndNothingIsQuoted) {
  const proof::StoreDebts::Parts nothing;
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {}, {"idfa"}, {"idfa", "primary", "secret"}, std::vector<std::string>(kErasePlacesMax + 3, "x")}) {
    const auto reply = answer_erase(nothing, nullptr, {kEraseVerb, arguments});
    EXPECT_FALSE(reply.ok);
    EXPECT_EQ(reply.text.find("secret"), std::string::npos);
  }
  EXPECT_FALSE(answer_erase_waiting(nothing, {kEraseWaitingVerb, {"nothing=secret"}}).ok);
  EXPECT_FALSE(answer_erase(nothing, nullptr, erase_request("idfa", "primary", {})).ok) << "the consumer is off";
  for (const char* text : {"", "none", "all x", "all 0123 5", "all 0123456789abcdef0123456789abcdef",
                           "some 0123456789abcdef0123456789abcdef 1 2"}) {
    EXPECT_EQ(read_waiting_answer({true, text}).error().kind, ErrorKind::conflict) << text;
  }
  for (const char* text : {"12", "12x", "12 ", "12 x", "12 3 4", "12 0", "12 4"}) {
    EXPECT_EQ(read_erase_answer({true, text}, 3).error().kind, ErrorKind::conflict) << text;
  }
  EXPECT_EQ(read_erase_answer({false, "busy"}, 3).error().message, "busy");
  EXPECT_EQ(read_erase_answer({true, "12 3"}, 3)->rows, 12U);
  EXPECT_EQ(read_erase_answer({true, "12 2"}, 3)->events, 2U);
}

// Four steps that take as long as a lane's job may would have no answer in time; nothing is done twice, or not at all.
TEST(EraseAnswer, AnOrderThatTakesLongIsAnsweredInPieces) {
  tests::ManualClock clock;
  const std::vector<EventPlace> places(kErasePlacesMax);
  std::vector<std::chrono::milliseconds> limits;
  const EraseStep slow = [&](std::span<const EventPlace> some, std::chrono::milliseconds limit) {
    limits.push_back(limit);
    clock.advance(kOrderMax - std::chrono::seconds(1));
    return base::Result<std::uint64_t>(some.size());
  };
  const OrderTime time(clock);
  const auto part = erase_in_time(places, time, slow);
  ASSERT_TRUE(part);
  EXPECT_EQ(part->events, 2 * warehouse::kRemovedMax) << "the second begins a second before the end";
  EXPECT_EQ(part->rows, 2 * warehouse::kRemovedMax);
  EXPECT_EQ(limits, (std::vector<std::chrono::milliseconds>{delivery::kJobMax,
                                                            kOrderEnd - kOrderMax + std::chrono::seconds(1)}));
  clock.advance(kOrderEnd);
  EXPECT_EQ(time.job_max(), std::chrono::milliseconds(0));
  EXPECT_EQ(erase_in_time(places, OrderTime(clock), slow)->events, 2 * warehouse::kRemovedMax);
  int busy = kEraseTriesMax - 1;
  const EraseStep late = [&](std::span<const EventPlace> some, std::chrono::milliseconds) {
    if (busy-- > 0) return base::Result<std::uint64_t>(base::fail(ErrorKind::throttled, "locked", "primary"));
    return base::Result<std::uint64_t>(some.size());
  };
  EXPECT_EQ(erase_in_time(places, OrderTime(clock), late)->rows, places.size());
  busy = kEraseTriesMax;
  EXPECT_EQ(erase_in_time(places, OrderTime(clock), late).error().kind, ErrorKind::throttled);
  const EraseStep fails = [](std::span<const EventPlace>, std::chrono::milliseconds) {
    return base::Result<std::uint64_t>(base::fail(ErrorKind::unavailable, "gone", "secondary"));
  };
  EXPECT_FALSE(erase_in_time(places, OrderTime(clock), fails));
}

// Their events are read from the primary again: they must stay there until then.
TEST(EraseAnswer, NothingIsErasedWhileABacklogOwesByIdAlone) {
  IdsOnly some(3);
  IdsOnly none(0);
  EXPECT_FALSE(check_ids_only({.backlogs = {{"secondary", &some}}}));
  EXPECT_TRUE(check_ids_only({.backlogs = {{"secondary", &none}}}));
}

}  // namespace
}  // namespace twinshift::app
