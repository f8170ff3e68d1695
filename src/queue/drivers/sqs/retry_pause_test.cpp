#include "queue/drivers/sqs/retry_pause.hpp"

#include <chrono>
#include <stop_token>
#include <thread>

#include <gtest/gtest.h>

namespace twinshift::queue::sqs {
namespace {

using namespace std::chrono_literals;

TEST(RetryPause, TakesAtLeastHalfOfItsStepWhichDoubles) {
  const auto begin = std::chrono::steady_clock::now();
  pause_before_retry({4ms, 1s}, 3, {});
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 8ms);
}

TEST(RetryPause, EndsWhenStopped) {
  std::stop_source stop;
  std::jthread pausing([&] { pause_before_retry({1h, 1h}, 1, stop.get_token()); });
  stop.request_stop();
  pausing.join();  // hangs where it is not ended
  pause_before_retry({1h, 1h}, 1, stop.get_token());
}

}  // namespace
}  // namespace twinshift::queue::sqs
