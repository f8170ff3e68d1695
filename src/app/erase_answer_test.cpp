#include "app/erase_answer.hpp"

#include <gtest/gtest.h>

namespace twinshift::app {
namespace {

using base::ErrorKind;
using warehouse::EventPlace;

const Person kPerson{"customer_user_id", "secret"};

// What waits, shown one at a time; everything else is of no account here.
class Waiting final : public queue::EventQueue {
 public:
  std::vector<std::string> bodies;
  bool tells = true;
  std::uint64_t depth = 0;

  void enqueue(queue::Message, queue::Done) override {}
  base::Result<std::vector<queue::Lease>> receive(std::size_t, std::chrono::milliseconds, std::stop_token) override {
    return std::vector<queue::Lease>();
  }
  void acknowledge(std::vector<queue::Receipt>, queue::Done) override {}
  void release(const std::vector<queue::Receipt>&, std::chrono::milliseconds) override {}
  void extend(const std::vector<queue::Receipt>&, std::chrono::milliseconds) override {}
  queue::QueueStatus status() override {
    queue::QueueStatus status;
    status.depth = depth;
    return status;
  }
  base::Result<queue::Arrivals> count_arrivals() override { return queue::Arrivals(); }
  base::Result<bool> visit(const queue::ShowMessages& show) override {
    for (const std::string& body : bodies) {
      const queue::Message message{.body = body, .message_id = "m"};
      if (tells && !show({&message, 1})) break;
    }
    return tells;
  }
  void close() override {}
};

class IdsOnly final : public backlog::Backlog {
 public:
  explicit IdsOnly(std::uint64_t ids) : Backlog("secondary"), ids_(ids) {}
  void park(std::vector<event::EventPtr>, queue::Done) override {}
  base::Result<std::vector<queue::Lease>> receive(std::size_t, std::chrono::milliseconds, std::stop_token) override {
    return std::vector<queue::Lease>();
  }
  void acknowledge(std::vector<queue::Receipt>, queue::Done) override {}
  void release(const std::vector<queue::Receipt>&, std::chrono::milliseconds) override {}
  void extend(const std::vector<queue::Receipt>&, std::chrono::milliseconds) override {}
  backlog::BacklogStatus status() override {
    backlog::BacklogStatus status;
    status.storage.emplace().ids_only = ids_;
    return status;
  }
  base::Result<queue::Arrivals> count_arrivals() override { return queue::Arrivals(); }
  void close() override {}

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
  EXPECT_EQ(read_erase_answer({true, "12x"}).error().kind, ErrorKind::conflict);
  EXPECT_EQ(read_erase_answer({false, "busy"}).error().message, "busy");
  EXPECT_EQ(*read_erase_answer({true, "12"}), 12U);
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
