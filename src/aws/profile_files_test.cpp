#include "aws/profile_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/files_testing.hpp"

namespace twinshift::aws {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class ProfileFilesTest : public testing::Test {
 protected:
  ProfileFilesTest() { variables_.set("HOME", folder_.path("home")); }
  ProfileFiles load() {
    auto files = load_profile_files(variables_.environment());
    EXPECT_TRUE(files) << files.error().text();
    return files ? *files : ProfileFiles{};
  }
  testing_files::Folder folder_;
  testing_files::Variables variables_{};
};

TEST_F(ProfileFilesTest, ThatAreMissingAreEmpty) {
  EXPECT_TRUE(load().profiles.empty());
  EXPECT_EQ(load().looked_at(), folder_.path("home/.aws/config") + " (no such file), " +
                                    folder_.path("home/.aws/credentials") + " (no such file)");
  variables_.set("HOME", "");
  EXPECT_THAT(load().looked_at(), HasSubstr("HOME is not set"));
}

TEST_F(ProfileFilesTest, AreFoundAtHomeOrByVariables) {
  static_cast<void>(folder_.write("home/.aws/config", "[default]\nregion = home\n"));
  static_cast<void>(folder_.write("home/.aws/other", "[default]\nregion = tilde\n"));
  EXPECT_EQ(load().profile("default")->get("region"), "home");
  EXPECT_TRUE(load().config_found);
  EXPECT_FALSE(load().credentials_found);
  variables_.set("AWS_CONFIG_FILE", folder_.write("named", "[default]\nregion = named\n"));
  EXPECT_EQ(load().profile("default")->get("region"), "named");
  variables_.set("AWS_CONFIG_FILE", "~/.aws/other");
  EXPECT_EQ(load().profile("default")->get("region"), "tilde");
  variables_.set("AWS_SHARED_CREDENTIALS_FILE", folder_.write("keys", "[a]\naws_access_key_id = A\n"));
  EXPECT_EQ(load().profile("a")->get("aws_access_key_id"), "A");
  EXPECT_EQ(load().profile("b"), nullptr);
}

TEST_F(ProfileFilesTest, AreMergedAndKeysStayTogether) {
  variables_.set("AWS_CONFIG_FILE",
                 folder_.write("config",
                               "[profile a]\nregion = r\nrole_arn = config\naws_access_key_id = old\n"
                               "aws_secret_access_key = old\naws_session_token = old\n"));
  variables_.set("AWS_SHARED_CREDENTIALS_FILE",
                 folder_.write("keys", "[a]\nrole_arn = keys\naws_access_key_id = A\naws_secret_access_key = S\n"));
  const ProfileFiles files = load();
  const Section& section = *files.profile("a");
  EXPECT_EQ(section.get("region"), "r");
  EXPECT_EQ(section.get("role_arn"), "keys");
  EXPECT_EQ(section.get("aws_access_key_id"), "A");
  EXPECT_EQ(section.get("aws_session_token"), "");
}

TEST_F(ProfileFilesTest, ThatAreBrokenAreNamed) {
  variables_.set("AWS_SHARED_CREDENTIALS_FILE", folder_.write("keys", "[a]\nhunter2\n"));
  const auto files = load_profile_files(variables_.environment());
  ASSERT_FALSE(files);
  EXPECT_THAT(files.error().text(), AllOf(HasSubstr(folder_.path("keys")), Not(HasSubstr("hunter2"))));
  variables_.set("AWS_SHARED_CREDENTIALS_FILE", folder_.path(""));
  EXPECT_FALSE(load_profile_files(variables_.environment()));
}

TEST_F(ProfileFilesTest, NameOfTheProfile) {
  EXPECT_EQ(profile_name(variables_.environment(), ""), "default");
  variables_.set("AWS_PROFILE", "a");
  EXPECT_EQ(profile_name(variables_.environment(), ""), "a");
  EXPECT_EQ(profile_name(variables_.environment(), "b"), "b");
}

}  // namespace
}  // namespace twinshift::aws
