#include "app/process_usage.hpp"

#include <sys/resource.h>

#include <gtest/gtest.h>

namespace twinshift::app {
namespace {

TEST(ProcessUsageTest, TellsWhatIsUsed) {
  const ProcessUsage usage = process_usage();
  EXPECT_GT(usage.resident_bytes.value_or(0), 100'000U);
  EXPECT_GE(usage.threads.value_or(0), 1U);
  EXPECT_GE(usage.open_files.value_or(0), 1U);
  EXPECT_GT(usage.open_files_max.value_or(0), usage.open_files.value_or(0));
}

// To count them takes a descriptor: with none left the figure must not be missing.
TEST(ProcessUsageTest, TellsThatNoOpenFileIsLeft) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 3;  // standard input, output and errors
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const ProcessUsage usage = process_usage();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(usage.open_files_max, 3U);
  EXPECT_EQ(usage.open_files, usage.open_files_max);
}

}  // namespace
}  // namespace twinshift::app
