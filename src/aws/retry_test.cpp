#include "aws/retry.hpp"

#include <gtest/gtest.h>

#include "aws/error_answer.hpp"

namespace twinshift::aws {
namespace {

using namespace std::chrono_literals;

TEST(RetryBudget, EndsAndIsFilledAgainBySuccess) {
  RetryBudget budget;
  int taken = 0;
  while (budget.take(kRetryCost)) ++taken;
  EXPECT_EQ(taken, kRetryTokensMax / kRetryCost);
  EXPECT_FALSE(budget.take(kRetryCost));
  budget.succeeded(kRetryCost);
  EXPECT_TRUE(budget.take(kRetryCost));
  for (int i = 0; i < 2 * kRetryTokensMax; ++i) budget.succeeded(0);
  EXPECT_FALSE(budget.take(kRetryTokensMax + 1));
  EXPECT_TRUE(budget.take(kRetryTokensMax));
}

TEST(RetryWait, GrowsUpToItsBoundAndIsJittered) {
  base::Random random(7);
  for (int retry = 1; retry < 100; ++retry) {
    const auto bound = std::min<std::chrono::milliseconds>(kRetryMost, kRetryFirst * (1 << std::min(retry - 1, 20)));
    const auto wait = retry_wait(retry, false, std::nullopt, random);
    EXPECT_GE(wait, 0ms);
    EXPECT_LE(wait, bound);
  }
  std::chrono::milliseconds longest{0};
  for (int i = 0; i < 200; ++i) longest = std::max(longest, retry_wait(1, true, std::nullopt, random));
  EXPECT_GT(longest, kThrottleFirst / 2);
  EXPECT_LE(longest, kThrottleFirst);
}

TEST(RetryWait, GrantsTheServersWishWithinReason) {
  base::Random random(7);
  EXPECT_GE(retry_wait(1, false, 3'000ms, random), 3'000ms);
  EXPECT_LE(retry_wait(1, false, std::chrono::hours(1), random), kRetryFirst + kRetryAfterMore);
}

TEST(ErrorAnswer, ReadsDatesAndWishes) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), base::WallTime(std::chrono::seconds(784'111'777)));
  for (const char* bad : {"", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Xxx 1994 08:49:37 GMT",
                          "Sun, 36 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 0x:49:37 GMT"}) {
    EXPECT_FALSE(parse_http_date(bad)) << bad;
  }
  curl::Response response;
  EXPECT_FALSE(retry_wish(response));
  response.headers = {{"x-amz-retry-after", "1500"}};
  EXPECT_EQ(retry_wish(response), 1'500ms);
  response.headers = {{"x-amz-retry-after", "soon"}};
  EXPECT_FALSE(retry_wish(response));
}

TEST(ErrorAnswer, SortsCodes) {
  struct Case {
    int status;
    const char* code;
    Trouble trouble;
  };
  for (const Case& one :
       {Case{400, "ActiveStatementsExceededException", Trouble::throttled},
        Case{403, "RequestThrottled", Trouble::throttled}, Case{400, "ValidationException", Trouble::request},
        Case{500, "ExecuteStatementException", Trouble::transient},
        Case{400, "ResourceNotFoundException", Trouble::not_found},
        Case{403, "AccessDeniedException:http://internal", Trouble::denied}}) {
    curl::Response response;
    response.status = one.status;
    response.headers = {{"x-amzn-ErrorType", one.code}};
    EXPECT_EQ(read_error(response, Protocol::json_1_1).trouble, one.trouble) << one.code;
  }
  curl::Response nothing;
  nothing.status = 404;
  nothing.body = "not found";
  EXPECT_EQ(read_error(nothing, Protocol::json_1_1).trouble, Trouble::foreign);
}

}  // namespace
}  // namespace twinshift::aws
