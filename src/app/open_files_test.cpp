#include "app/open_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/log_capture.hpp"

namespace twinshift::app {
namespace {

using testing::HasSubstr;

TEST(OpenFiles, TooFewAreRefusedWithTheCauseAndTheCure) {
  const auto judged = judge_open_files(kOwnFilesMin - 1);
  ASSERT_FALSE(judged);
  EXPECT_THAT(judged.error().message, HasSubstr("At most 63 files may be open"));
  EXPECT_THAT(judged.error().hint, testing::AllOf(HasSubstr("ulimit -n"), HasSubstr("LimitNOFILE")));
}

TEST(OpenFiles, FewAreWarnedOf) {
  const tests::LogCapture log;
  EXPECT_TRUE(judge_open_files(kOwnFilesMin));
  EXPECT_THAT(log.text(), testing::AllOf(HasSubstr("\"openFilesMax\":64"), HasSubstr("LimitNOFILE")));
}

TEST(OpenFiles, EnoughAreNotWorthAWord) {
  const tests::LogCapture log;
  EXPECT_TRUE(judge_open_files(kOwnFiles));
  EXPECT_EQ(log.text(), "");
}

}  // namespace
}  // namespace twinshift::app
