#include "aws/profile_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace twinshift::aws {
namespace {

using testing::HasSubstr;
using testing::Not;

ProfileText config(std::string_view text) {
  auto parsed = parse_profile_text(text, ProfileFile::config, "config");
  EXPECT_TRUE(parsed) << parsed.error().text();
  return parsed ? *parsed : ProfileText{};
}

std::string fault(std::string_view text) {
  const auto parsed = parse_profile_text(text, ProfileFile::config, "/home/x/.aws/config");
  return parsed ? "(none)" : parsed.error().text();
}

TEST(ConfigText, HasProfilesByPrefixAndADefault) {
  const ProfileText text = config(
      "[default]\nregion = eu-west-1\n\n[profile a]\nREGION=us-east-1\n[ profile\t b ] ; note\nregion=x\n"
      "[c]\nregion = ignored\n[sso-session s]\nsso_region = ignored\n[profile \"two words\"]\nregion = quoted\n"
      "[profile not valid]\nregion = ignored\n");
  EXPECT_EQ(text.profiles.size(), 4U);
  EXPECT_EQ(text.profiles.at("default").get("region"), "eu-west-1");
  EXPECT_EQ(text.profiles.at("a").get("region"), "us-east-1");
  EXPECT_EQ(text.profiles.at("b").get("region"), "x");
  EXPECT_EQ(text.profiles.at("two words").get("region"), "quoted");
}

TEST(CredentialsText, HasProfilesByTheirNameAlone) {
  const auto text = parse_profile_text("[a]\naws_access_key_id = AK\n[profile b]\naws_access_key_id = ignored\n",
                                       ProfileFile::credentials, "credentials");
  ASSERT_TRUE(text);
  EXPECT_EQ(text->profiles.size(), 1U);
  EXPECT_EQ(text->profiles.at("a").get("aws_access_key_id"), "AK");
}

TEST(ConfigText, HasComments) {
  const ProfileText text = config(
      "\xEF\xBB\xBF# first\r\n; second\r\n[default] # third\r\n  # indented\r\na = 1 # cut\r\nb = 2 ; cut\r\n"
      "c = 3#kept;kept\r\nd = # all\r\ne =x = y\r\n   \r\n");
  const Section& section = text.profiles.at("default");
  EXPECT_EQ(section.get("a"), "1");
  EXPECT_EQ(section.get("b"), "2");
  EXPECT_EQ(section.get("c"), "3#kept;kept");
  EXPECT_EQ(section.get("d"), "");
  EXPECT_EQ(section.get("e"), "x = y");
  EXPECT_FALSE(section.has("d"));
  EXPECT_FALSE(section.has("absent"));
}

TEST(ConfigText, HasNestedSettingsAndContinuedValues) {
  const ProfileText text = config(
      "[services s]\nsqs =\n  endpoint_url = http://one # cut\n\tRegion = r\nredshift_data =\n  endpoint_url = "
      "http://two\n"
      "[default]\ns3 =\n  max = 1\nlong = first\n  second\n");
  const Section& services = text.services.at("s");
  EXPECT_EQ(services.nested.at("sqs").at("endpoint_url"), "http://one");
  EXPECT_EQ(services.nested.at("sqs").at("region"), "r");
  EXPECT_EQ(services.nested.at("redshift_data").at("endpoint_url"), "http://two");
  EXPECT_EQ(text.profiles.at("default").get("long"), "first\nsecond");
  EXPECT_EQ(text.profiles.at("default").nested.at("s3").at("max"), "1");
}

TEST(ConfigText, MergesWhatStandsTwice) {
  const ProfileText text = config("[profile a]\nx = 1\ny = 1\n[profile b]\n[profile a]\nx = 2\nx = 3\n");
  EXPECT_EQ(text.profiles.at("a").get("x"), "3");
  EXPECT_EQ(text.profiles.at("a").get("y"), "1");
}

TEST(ConfigText, PrefersThePrefixedDefault) {
  for (const std::string_view file :
       {"[profile default]\nx = 1\n[default]\nx = 2\ny = 2\n", "[default]\nx = 2\ny = 2\n[profile default]\nx = 1\n"}) {
    const ProfileText text = config(file);
    EXPECT_EQ(text.profiles.at("default").get("x"), "1");
    EXPECT_EQ(text.profiles.at("default").get("y"), "");
  }
}

TEST(ConfigText, ThatIsBrokenIsRefusedByLineAndNotQuoted) {
  struct Case {
    std::string_view text;
    std::string_view says;
  };
  for (const Case& c :
       {Case{"hunter2 = x\n", "Line 1 of an AWS file stands before the first [section]"},
        Case{"[default]\n\nhunter2\n", "Line 3 of an AWS file is neither [section] nor name = value"},
        Case{"[default\nhunter2=1\n", "Line 1 of an AWS file begins a section but has no ']'"},
        Case{"[]\n", "Line 1 of an AWS file begins a section that has no name"},
        Case{"[profile \"a]\n", "Line 1 of an AWS file begins a section that has no name"},
        Case{"[default]\n = hunter2\n", "Line 2 of an AWS file is indented, but stands below no setting"},
        Case{"[default]\n= hunter2\n", "Line 2 of an AWS file has no name before its '='"},
        Case{"[default]\ns3 =\n  hunter2\n", "Line 3 of an AWS file is indented and not name = value"}}) {
    EXPECT_THAT(fault(c.text), HasSubstr(std::string(c.says) + " (/home/x/.aws/config)"));
    EXPECT_THAT(fault(c.text), Not(HasSubstr("hunter2")));
  }
}

}  // namespace
}  // namespace twinshift::aws
