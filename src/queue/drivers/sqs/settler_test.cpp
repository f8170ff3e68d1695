#include "queue/drivers/sqs/settler.hpp"

#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "queue/drivers/sqs/fake_sqs_testing.hpp"
#include "tests/support/wait_until.hpp"

namespace twinshift::queue::sqs {
namespace {

using namespace std::chrono_literals;
using base::ErrorKind;

class SettlerTest : public ::testing::Test {
 protected:
  SettlerTest() {
    base::log::set_sink([this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      log_.emplace_back(line);
    });
  }
  ~SettlerTest() override {
    settler_.close(0ms);
    base::log::set_sink({});
  }
  base::Status erase(int count) {
    std::vector<Settling> settlings;
    for (int i = 0; i < count; ++i) settlings.push_back({.handle = "h" + std::to_string(i), .visibility = {}});
    std::promise<base::Status> answer;
    settler_.settle(std::move(settlings), [&](base::Status status) { answer.set_value(std::move(status)); });
    return answer.get_future().get();
  }

  std::mutex mutex_;
  std::vector<std::string> log_;
  FakeSqs fake_;
  Complaints complaints_{"queue, http://sqs/1/queue"};
  Settler settler_{{.caller = fake_.caller(), .queue_url = "http://sqs/1/queue", .threads = 1}, complaints_};
};

TEST_F(SettlerTest, DeletesInTens) {
  EXPECT_TRUE(erase(25));
  EXPECT_EQ(fake_.calls("DeleteMessageBatch"), 3U);
  EXPECT_TRUE(erase(0));
}

TEST_F(SettlerTest, AStaleHandleIsPassedOver) {
  fake_.set_entry_fault([](std::string_view, std::string_view handle) -> std::optional<std::string> {
    return handle == "h1"   ? std::optional("ReceiptHandleIsInvalid")
           : handle == "h2" ? std::optional("InvalidParameterValue")
                            : std::nullopt;
  });
  EXPECT_TRUE(erase(3));
  EXPECT_EQ(fake_.calls("DeleteMessageBatch"), 1U);
}

TEST_F(SettlerTest, TriesAgainWhatFailedAndOnlyThat) {
  std::atomic<int> left = 2;
  fake_.set_entry_fault([&](std::string_view, std::string_view handle) -> std::optional<std::string> {
    if (handle != "h1" || left == 0) return std::nullopt;
    return left-- == 2 ? "ServiceUnavailable" : "missing";
  });
  EXPECT_TRUE(erase(4));
  const auto bodies = fake_.bodies_of("DeleteMessageBatch");
  ASSERT_EQ(bodies.size(), 3U);
  EXPECT_EQ(bodies[2].find("h2"), std::string::npos);
}

TEST_F(SettlerTest, OneFailureIsTheAnswerOfItsAcknowledgement) {
  fake_.set_entry_fault([](std::string_view, std::string_view handle) -> std::optional<std::string> {
    return handle == "h12" ? std::optional("InvalidSecurity") : std::nullopt;
  });
  const auto answer = erase(20);
  ASSERT_FALSE(answer);
  EXPECT_TRUE(complaints_.last(Action::erase));
}

TEST_F(SettlerTest, DoesNotTryForLongWithoutTheRight) {
  fake_.set_call_fault([](const aws::Call&) { return FakeSqs::failure("AccessDenied"); });
  EXPECT_FALSE(erase(3));
  EXPECT_EQ(fake_.calls("DeleteMessageBatch"), 1U);
}

TEST_F(SettlerTest, DoesWithoutTheRightToChangeVisibilityAndSaysSoOnce) {
  fake_.set_call_fault([](const aws::Call&) { return FakeSqs::failure("AccessDenied"); });
  settler_.settle({{.handle = "h", .visibility = 5s}});
  ASSERT_TRUE(tests::wait_until([&] { return !complaints_.may_try(Action::change_visibility); }));
  settler_.settle({{.handle = "h", .visibility = 5s}});
  settler_.close(10s);
  EXPECT_EQ(fake_.calls("ChangeMessageVisibilityBatch"), 1U);
  const std::lock_guard lock(mutex_);
  ASSERT_EQ(log_.size(), 1U);
  EXPECT_THAT(log_[0], ::testing::HasSubstr("A right is missing"));
}

TEST_F(SettlerTest, ChangesVisibility) {
  settler_.settle({{.handle = "h1", .visibility = 5s}, {.handle = "h2", .visibility = 0s}});
  ASSERT_TRUE(tests::wait_until([&] { return fake_.visibilities().size() == 2; }));
  EXPECT_EQ(fake_.visibilities()["h1"], 5);
  EXPECT_EQ(fake_.visibilities()["h2"], 0);
}

TEST_F(SettlerTest, ClosingAnswersWhatItCannotDo) {
  fake_.hold(true);
  std::promise<base::Status> answer;
  settler_.settle({{.handle = "h", .visibility = {}}},
                  [&](base::Status status) { answer.set_value(std::move(status)); });
  settler_.close(10ms);
  EXPECT_FALSE(answer.get_future().get());
  EXPECT_EQ(erase(1).error().kind, ErrorKind::cancelled);
}

}  // namespace
}  // namespace twinshift::queue::sqs
