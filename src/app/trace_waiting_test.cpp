#include "app/trace_waiting.hpp"

#include <chrono>

#include <gtest/gtest.h>

#include "backlog/backlog.hpp"
#include "event/identity.hpp"
#include "tests/support/idle_queue.hpp"

namespace twinshift::app {
namespace {

using namespace std::chrono_literals;

// Tells what waits and nothing else.
class ToldQueue final : public tests::IdleQueue {
 public:
  std::vector<queue::Message> messages;
  bool tells = true;

  queue::QueueStatus status() override {
    queue::QueueStatus status;
    status.depth = messages.size();
    return status;
  }
  base::Result<bool> visit(const queue::ShowMessages& show) override {
    // In two steps, as a driver shows them some at a time.
    const auto all = std::span<const queue::Message>(messages);
    if (tells && show(all.first(all.size() / 2))) (void)show(all.subspan(all.size() / 2));
    return tells;
  }
};

class ToldBacklog final : public tests::IdleBacklog {
 public:
  using IdleBacklog::IdleBacklog;
  std::vector<backlog::OwedEvent> owed;
  bool tells = true;

  backlog::BacklogStatus status() override {
    backlog::BacklogStatus status;
    status.owed = owed.size();
    return status;
  }
  base::Result<bool> visit(const backlog::ShowOwed& show) override {
    if (tells) (void)show(owed);
    return tells;
  }
};

class TraceWaiting : public testing::Test {
 protected:
  TraceWaiting() {
    const auto received = base::WallTime(1'700'000'000s);
    queue_.messages = {{R"({"appsflyer_id":"one","n":1})", "m1", received},
                       {R"({"appsflyer_id":"one","n":2})", "m 2", received},
                       {R"({"appsflyer_id":"tw\u006f"})", "m3", received},
                       {R"({"other":"one"})", "", received},
                       {"no event of ours: one", "m5", received}};
  }
  // Through the words that go over the socket.
  WaitingAnswer ask(const WaitingQuestion& question) {
    proof::StoreDebts::Parts stores{.queue = &queue_, .backlogs = {{"secondary", &backlog_}}};
    const control::Reply reply = answer_waits(stores, waits_request(question));
    return read_waits_answer(reply).value();
  }
  static std::string id_of(const queue::Message& message) { return event::content_id(message.body).hex(); }

  ToldQueue queue_;
  ToldBacklog backlog_{"secondary"};
};

TEST_F(TraceWaiting, MessagesAreFoundByTheirId) {
  const auto answer = ask({.text = "m 2"});
  ASSERT_EQ(answer.queued.size(), 1U);
  EXPECT_EQ(answer.queued[0].message_id, "m 2");
  EXPECT_EQ(answer.queued[0].event_id, id_of(queue_.messages[1]));
  EXPECT_EQ(answer.queued[0].received_at, base::WallTime(1'700'000'000s));
  EXPECT_TRUE(answer.cannot_tell.empty());
}

TEST_F(TraceWaiting, AnInstallsMessagesAreFoundHoweverItIsSpelt) {
  EXPECT_EQ(ask({.text = "one"}).queued.size(), 2U);
  EXPECT_EQ(ask({.text = "two"}).queued.size(), 1U);
  EXPECT_TRUE(ask({.text = "o"}).queued.empty());
  EXPECT_TRUE(ask({.text = "any\nline\xff"}).queued.empty());
}

TEST_F(TraceWaiting, EventsAreFoundInQueueAndBacklog) {
  const std::string queued = id_of(queue_.messages[3]);
  const event::EventId owed = event::hash_id("owed");
  backlog_.owed = {{event::hash_id("another")}, {owed}, {owed}};
  const auto answer = ask({.events = {queued, owed.hex()}});
  ASSERT_EQ(answer.queued.size(), 1U);
  EXPECT_EQ(answer.queued[0].message_id, "");
  EXPECT_EQ(answer.owed, (std::vector<std::pair<std::string, std::string>>{{"secondary", owed.hex()}}));
}

TEST_F(TraceWaiting, OfManyTheFirstAreTold) {
  const queue::Message message = queue_.messages[0];
  for (std::size_t i = 0; i < 3 * kTraceEventsMax; ++i) queue_.messages.push_back(message);
  const auto answer = ask({.text = "one"});
  EXPECT_EQ(answer.queued.size(), kTraceEventsMax);
  EXPECT_TRUE(answer.more);
}

TEST_F(TraceWaiting, WhoCannotTellIsNamedUnlessNothingWaitsThere) {
  const std::vector<std::string> some{event::hash_id("x").hex()};
  queue_.tells = false;
  backlog_.tells = false;
  EXPECT_EQ(ask({.events = some}).cannot_tell, std::vector<std::string>{"queue"});
  backlog_.owed = {{event::hash_id("another")}};
  EXPECT_EQ(ask({.events = some}).cannot_tell, (std::vector<std::string>{"queue", "secondary"}));
  queue_.messages.clear();
  EXPECT_EQ(ask({.events = some}).cannot_tell, std::vector<std::string>{"secondary"});
}

TEST_F(TraceWaiting, ALookThatTakesTooLongSaysSo) {
  const proof::StoreDebts::Parts stores{.queue = &queue_, .backlogs = {}};
  const std::vector<std::string> queue{"queue"};
  EXPECT_EQ(look_for_waiting(stores, {.text = "m5"}, {.look_max = 0ms}).cannot_tell, queue);
  std::stop_source stopped;
  stopped.request_stop();
  EXPECT_EQ(look_for_waiting(stores, {.text = "m5"}, {.stop = stopped.get_token()}).cannot_tell, queue);
}

TEST_F(TraceWaiting, WithoutAQueueNothingWaits) {
  EXPECT_TRUE(look_for_waiting({}, {.text = "m1"}).cannot_tell.empty());
}

TEST_F(TraceWaiting, StrangeRequestsAndAnswersAreRefused) {
  const proof::StoreDebts::Parts nothing;
  EXPECT_FALSE(answer_waits(nothing, {kWaitsVerb, {}}).ok);
  EXPECT_FALSE(answer_waits(nothing, {kWaitsVerb, {""}}).ok);
  EXPECT_FALSE(answer_waits(nothing, {kWaitsVerb, {"x0"}}).ok);
  EXPECT_FALSE(answer_waits(nothing, {kWaitsVerb, {"xzz"}}).ok);
  EXPECT_FALSE(answer_waits(nothing, {kWaitsVerb, std::vector<std::string>(kTraceEventsMax + 2, "x")}).ok);
  for (const char* const text : {"q", "q a 1 2", "q a one 2 x", "q a 1 2  ", "q a 1 2 x0", "o secondary", "z", "17"}) {
    EXPECT_EQ(read_waits_answer({true, text}).error().kind, base::ErrorKind::conflict) << text;
  }
  EXPECT_EQ(read_waits_answer({false, "busy"}).error().message, "the service says: busy");
}

}  // namespace
}  // namespace twinshift::app
