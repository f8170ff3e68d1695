#include "app/books_waive.hpp"

#include <memory>
#include <mutex>

#include <gmock/gmock.h>

#include "app/books_answer.hpp"
#include "app/books_text.hpp"
#include "books/keeper_fixture.hpp"

namespace twinshift::app {
namespace {

using books::kNoon;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;
using namespace std::chrono_literals;

// The secondary lacks three events of ten.
class BooksWaiveTest : public books::KeeperTest {
 protected:
  void SetUp() override {
    KeeperTest::SetUp();
    queue_.set({.hours = {{.hour = kNoon, .received = 10}}});
    land("primary", 10);
    land("secondary", 7);
    start();
  }
  control::Reply ask(const WaiveOrder& order) {
    return answer_books_request(keeper_.get(), *file_, waive_request(order));
  }
  // Refused, for this reason, and nothing was changed.
  void expect_refused(const WaiveOrder& order, const std::string& why) {
    const auto before = file_->sign_offs().value().size();
    const auto reply = ask(order);
    EXPECT_FALSE(reply.ok);
    EXPECT_THAT(reply.text, HasSubstr(why));
    EXPECT_THAT(file_->sign_offs().value(), SizeIs(before));
  }
};

TEST_F(BooksWaiveTest, WithoutYesItTellsWhatItWouldDo) {
  const auto reply = ask({.target = "secondary", .hour = kNoon, .events = 2});
  EXPECT_TRUE(reply.ok) << reply.text;
  EXPECT_EQ(reply.text,
            "2 of 3 missing events of the hour 2024-01-01T12:00Z would be waived for secondary; add --yes to do so");
  EXPECT_THAT(file_->sign_offs().value(), IsEmpty());
  EXPECT_EQ(keeper_->books().at(1).missing, 3U);
}

TEST_F(BooksWaiveTest, ALossIsSignedOffOnceItIsAllNamed) {
  auto reply = ask({.target = "secondary", .hour = kNoon, .events = 1, .reason = "", .yes = true});
  EXPECT_TRUE(reply.ok) << reply.text;
  EXPECT_THAT(reply.text, HasSubstr("1 of 3 missing events"));
  EXPECT_THAT(reply.text, HasSubstr("the hour is missing"));
  reply = ask({.target = "secondary", .hour = kNoon, .events = 2, .reason = "disk \"7\"", .yes = true});
  EXPECT_THAT(reply.text, HasSubstr("2 of 2 missing events"));
  EXPECT_THAT(reply.text, HasSubstr("the hour is closed"));
  EXPECT_EQ(keeper_->books().at(1).missing, 0U);
  EXPECT_THAT(log(), HasSubstr("Missing events were signed off"));
  EXPECT_THAT(log(), HasSubstr(R"("target":"secondary","hour":"2024-01-01T12:00Z","events":2,"reason":"disk \"7\"")"));
  const auto list = answer_books_request(nullptr, *file_, waived_request(TableFormat::csv));
  EXPECT_TRUE(list.ok);
  EXPECT_THAT(list.text, Not(HasSubstr("\n")));
  EXPECT_THAT(unfolded(list.text), HasSubstr("target,hour,events,reason,signed_at\r\n"));
  EXPECT_THAT(unfolded(list.text), HasSubstr("secondary,2024-01-01T12:00Z,2,\"disk \"\"7\"\"\","));
}

TEST_F(BooksWaiveTest, MoreThanIsMissingIsRefused) {
  expect_refused({.target = "secondary", .hour = kNoon, .events = 4, .reason = {}, .yes = true},
                 "only 3 events of this hour are missing, not 4");
  expect_refused({.target = "primary", .hour = kNoon, .events = 1, .reason = {}, .yes = true}, "it is closed");
  expect_refused({.target = "secondary", .hour = kNoon + 1h, .events = 1, .reason = {}, .yes = true}, "not there");
  expect_refused({.target = "elsewhere", .hour = kNoon, .events = 1, .reason = {}, .yes = true}, "no target");
}

TEST_F(BooksWaiveTest, NothingIsSignedOffOnOldFigures) {
  (void)count(1);
  {
    const std::lock_guard lock(mutex_);
    broken_["secondary"] = {base::ErrorKind::unavailable, "away", "secondary", ""};
  }
  expect_refused({.target = "secondary", .hour = kNoon, .events = 1, .reason = {}, .yes = true},
                 "cannot be counted now: away");
}

// Commands are served side by side: two that judge by the same figures would waive more than is missing.
TEST_F(BooksWaiveTest, WhatSomebodyElseSignsOffWhileItCountsIsNotWaivedTwice) {
  (void)count(1);
  {
    const std::lock_guard lock(mutex_);
    before_loads_ = [this, counts = std::make_shared<int>(0)](const std::string& target) {
      // Of the last count before the decision, the sample is taken: it knows nothing of this.
      if (target != "secondary" || ++*counts != 2) return;
      EXPECT_TRUE(file_->sign_off({.target = "secondary", .hour = kNoon, .events = 2}, 0));
    };
  }
  const auto late = ask({.target = "secondary", .hour = kNoon, .events = 2, .reason = {}, .yes = true});
  EXPECT_FALSE(late.ok);
  EXPECT_THAT(late.text, HasSubstr("meanwhile"));
  EXPECT_THAT(file_->signed_off("secondary").value(), ElementsAre(Pair(kNoon, 2)));
  EXPECT_TRUE(ask({.target = "secondary", .hour = kNoon, .events = 1, .reason = {}, .yes = true}).ok);
}

TEST_F(BooksWaiveTest, AReasonIsALineOfText) {
  EXPECT_TRUE(check_reason(std::string(kReasonBytesMax, 'x')));
  EXPECT_FALSE(check_reason(std::string(kReasonBytesMax + 1, 'x')));
  EXPECT_FALSE(check_reason("a\nb"));
  EXPECT_FALSE(check_reason("\xff"));
  expect_refused({.target = "secondary", .hour = kNoon, .events = 1, .reason = "\x1f", .yes = true}, "a reason is");
}

TEST_F(BooksWaiveTest, AnythingElseIsNoRequest) {
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"yes", "secondary", "2024-01-01T12:00Z", "1"},
      {"yes", "secondary", "noon", "1", "reason:"},
      {"yes", "secondary", "2024-01-01T12:00Z", "0", "reason:"},
      {"yes", "secondary", "2024-01-01T12:00Z", "-1", "reason:"},
      {"yes", "secondary", "2024-01-01T12:00Z", "1x", "reason:"},
      {"yes", "secondary", "2024-01-01T12:00Z", "1", "because"},
  };
  for (const auto& arguments : wrong) {
    const auto reply = answer_books_request(keeper_.get(), *file_, {kWaiveVerb, arguments});
    EXPECT_FALSE(reply.ok);
    EXPECT_THAT(reply.text, HasSubstr("was not understood"));
  }
  EXPECT_FALSE(
      answer_books_request(nullptr, *file_, waive_request({.target = "primary", .hour = kNoon, .events = 1})).ok);
  EXPECT_THAT(file_->sign_offs().value(), IsEmpty());
}

}  // namespace
}  // namespace twinshift::app
