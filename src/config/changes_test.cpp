#include "config/changes.hpp"

#include <gmock/gmock.h>

#include "config/load_fixture.hpp"

namespace twinshift::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Changes : public LoadTest {
 protected:
  std::vector<std::string> told(const std::string& now, const std::string& fresh) {
    std::vector<std::string> lines;
    for (const Change& change : changes(good(now), good(fresh))) lines.push_back(to_string(change));
    return lines;
  }
};

TEST_F(Changes, NamesWhatDiffersWithBothValues) {
  EXPECT_THAT(told("LOG_LEVEL=info\n", "PORT=81\nLOG_LEVEL=debug\n"),
              ElementsAre("PORT 3000 -> 81", "LOG_LEVEL info -> debug"));
  EXPECT_THAT(told("ADMIN_HOST=::1", ""), ElementsAre("ADMIN_HOST ::1 -> unset"));
}

TEST_F(Changes, TheSameValueFromElsewhereOrSpeltOtherwiseIsNone) {
  EXPECT_THAT(told("", "LOG_LEVEL=info"), IsEmpty());
  EXPECT_THAT(told("HTTP_BODY_TIMEOUT=20s\n", "# moved\n\nHTTP_BODY_TIMEOUT=20000ms"), IsEmpty());
}

TEST_F(Changes, OfASecretOnlyTheNameIsTold) {
  EXPECT_THAT(told("WEBHOOK_TOKENS=before-4711", "WEBHOOK_TOKENS=after-4711"), ElementsAre("WEBHOOK_TOKENS"));
  EXPECT_THAT(told("", "PRIMARY_WAREHOUSE_URL=postgresql://u:secret-4711@h/d"), ElementsAre("PRIMARY_WAREHOUSE_URL"));
}

TEST_F(Changes, AwsVariablesThatAreNoOptionAreFoundByName) {
  const Loaded now = good("", {"AWS_ROLE_SESSION_NAME=a", "AWS_STAYS=1", "AWS_GOES=1"});
  const Loaded fresh = good("", {"AWS_ROLE_SESSION_NAME=b", "AWS_STAYS=1", "AWS_COMES=1"});
  EXPECT_THAT(changed_aws_variables(now, fresh), ElementsAre("AWS_GOES", "AWS_ROLE_SESSION_NAME", "AWS_COMES"));
}

TEST_F(Changes, TakesWhatIsNamedAndLeavesTheRest) {
  const Loaded now = good("");
  const Loaded fresh = good("LOG_LEVEL=debug\nPORT=81\nWEBHOOK_STRICT=true");
  const auto mixed = with_options(now, fresh, {"LOG_LEVEL", "WEBHOOK_STRICT"});
  ASSERT_TRUE(mixed) << mixed.error().text();
  EXPECT_EQ(mixed->settings.log_level, "debug");
  EXPECT_TRUE(mixed->settings.webhook_strict);
  EXPECT_EQ(mixed->settings.port, 3000);
  EXPECT_THAT(changes(*mixed, fresh), testing::SizeIs(1));
}

TEST_F(Changes, TheSecondaryFollowsItsSwitch) {
  const Loaded off = good("");
  const Loaded on = good("SECONDARY_REDSHIFT_ENABLED=true");
  const auto switched_on = with_options(off, on, {"SECONDARY_REDSHIFT_ENABLED"});
  ASSERT_TRUE(switched_on) << switched_on.error().text();
  ASSERT_TRUE(switched_on->settings.secondary);
  EXPECT_FALSE(switched_on->settings.secondary_off);
  EXPECT_EQ(switched_on->settings.secondary->path, off.settings.secondary_off->path);
  const auto switched_off = with_options(on, off, {"SECONDARY_REDSHIFT_ENABLED"});
  ASSERT_TRUE(switched_off) << switched_off.error().text();
  EXPECT_FALSE(switched_off->settings.secondary);
  EXPECT_TRUE(switched_off->settings.secondary_off);
}

TEST_F(Changes, WhatDoesNotGoTogetherIsNamed) {
  // Good with the body limit that needs a restart, and not without it.
  const Loaded now = good("");
  const Loaded fresh = good("HTTP_BODY_BYTES_MAX=8MB\nQUEUE_INBOX_BYTES_MAX=64MB");
  EXPECT_TRUE(with_options(now, fresh, {"HTTP_BODY_BYTES_MAX"}));
  const Loaded small = good("HTTP_BODY_BYTES_MAX=64KB\nQUEUE_INBOX_BYTES_MAX=70000");
  const auto mixed = with_options(now, small, {"QUEUE_INBOX_BYTES_MAX"});
  ASSERT_FALSE(mixed);
  EXPECT_EQ(mixed.error().kind, base::ErrorKind::invalid);
  EXPECT_THAT(mixed.error().text(), HasSubstr("QUEUE_INBOX_BYTES_MAX"));
}

}  // namespace
}  // namespace twinshift::config
