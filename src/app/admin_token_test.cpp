#include "app/admin_token.hpp"

#include <fstream>

#include <gmock/gmock.h>

#include "tests/support/temporary_folder.hpp"

namespace twinshift::app {
namespace {

using testing::HasSubstr;
using testing::Not;

class AdminTokenTest : public testing::Test {
 protected:
  config::Settings settings_with(const std::string& content) {
    config::Settings settings;
    settings.admin_token_file = folder_ / "token";
    std::ofstream(settings.admin_token_file) << content;
    return settings;
  }
  tests::TemporaryFolder folder_;
};

TEST_F(AdminTokenTest, TheFileWithoutItsLineEnd) {
  const auto settings = with_admin_token(settings_with("open-sesame-and-so-on\n"));
  ASSERT_TRUE(settings) << settings.error().text();
  EXPECT_EQ(settings->admin_token, "open-sesame-and-so-on");
}

TEST_F(AdminTokenTest, WithoutAFileNothingChanges) {
  config::Settings given;
  given.admin_token = "open sesame";
  const auto settings = with_admin_token(given);
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->admin_token, "open sesame");
}

TEST_F(AdminTokenTest, AFileThatHoldsNoTokenOrMoreThanOneIsAFaultThatNamesIt) {
  for (const char* content : {"", " \n", "first-4711\nsecond-4711\n"}) {
    const auto wrong = with_admin_token(settings_with(content));
    ASSERT_FALSE(wrong) << content;
    EXPECT_THAT(wrong.error().text(), HasSubstr("ADMIN_TOKEN_FILE"));
    EXPECT_THAT(wrong.error().text(), Not(HasSubstr("4711")));
  }
}

TEST_F(AdminTokenTest, AMissingFileIsAFaultThatNamesIt) {
  config::Settings missing;
  missing.admin_token_file = folder_ / "none";
  const auto none = with_admin_token(missing);
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().text(), HasSubstr(missing.admin_token_file));
}

}  // namespace
}  // namespace twinshift::app
