// The settings of intake security, as load() finds them.
#include <gmock/gmock.h>

#include "config/load_fixture.hpp"

namespace twinshift::config {
namespace {

using testing::HasSubstr;
using testing::Not;

class WebhookLists : public LoadTest {};

TEST_F(WebhookLists, AllFaultsAreNamedAndNoValue) {
  const std::string text = faults(
      "WEBHOOK_TOKENS=a-long-enough-token,hush+hush\nWEBHOOK_ALLOW=appsflyer,hush\nTRUSTED_PROXIES=10.0.0.1/8\n"
      "WEBHOOK_TOKEN_HEADER=hush\n");
  EXPECT_THAT(text, HasSubstr("WEBHOOK_TOKENS: entry 2"));
  EXPECT_THAT(text, HasSubstr("WEBHOOK_ALLOW: entry 2"));
  EXPECT_THAT(text, HasSubstr("TRUSTED_PROXIES: entry 1"));
  EXPECT_THAT(text, HasSubstr("WEBHOOK_TOKEN_HEADER must be"));
  EXPECT_THAT(text, Not(HasSubstr("hush")));
}

TEST_F(WebhookLists, AShortTokenIsSaid) {
  const Loaded loaded = good("WEBHOOK_TOKENS=hush\n");
  EXPECT_THAT(joined(loaded.warnings), HasSubstr("WEBHOOK_TOKENS has a token of less than 16"));
  EXPECT_THAT(joined(loaded.warnings), Not(HasSubstr("hush")));
  const Loaded fine = good("WEBHOOK_TOKENS=app.one=long-enough-token\nWEBHOOK_ALLOW=appsflyer\n");
  EXPECT_THAT(joined(fine.warnings), Not(HasSubstr("WEBHOOK")));
}

TEST_F(WebhookLists, WhatIsSaidOfTheAdminsSide) {
  const Loaded loaded = good("ADMIN_TOKEN=hush\nADMIN_HOST=127.0.0.1\n");
  EXPECT_THAT(joined(loaded.warnings), HasSubstr("ADMIN_TOKEN has less than 16"));
  EXPECT_THAT(joined(loaded.warnings), Not(HasSubstr("hush")));
  EXPECT_THAT(joined(loaded.warnings), HasSubstr("ADMIN_HOST has no effect without ADMIN_PORT"));
  const Loaded fine = good("ADMIN_TOKEN=long-enough-token\nADMIN_HOST=127.0.0.1\nADMIN_PORT=9090\n");
  EXPECT_THAT(joined(fine.warnings), Not(HasSubstr("ADMIN")));
  EXPECT_THAT(faults("ADMIN_TOKEN=long-enough-token\nADMIN_TOKEN_FILE=/run/token\n"), HasSubstr("leave one"));
}

}  // namespace
}  // namespace twinshift::config
