#include "intake/guard.hpp"

#include <string>

#include <gtest/gtest.h>

#include "config/address_list.hpp"

namespace twinshift::intake {
namespace {

base::IpAddress address(std::string_view text) {
  return base::parse_ip_address(text).value();
}

http::Request from(std::string_view peer, std::vector<std::string> forwarded = {}) {
  http::Request head;
  head.client = address(peer);
  for (auto& line : forwarded) head.headers.emplace_back("x-forwarded-for", std::move(line));
  return head;
}

http::Request showing(std::string value) {
  http::Request head;
  head.headers.emplace_back("authorization", std::move(value));
  return head;
}

Guard guard(std::string_view tokens) {
  GuardRules rules;
  rules.tokens = config::parse_token_list(tokens).value();
  rules.token_header = "authorization";
  return Guard(std::move(rules));
}

class ProxiedGuard : public ::testing::Test {
 protected:
  ProxiedGuard()
      : guard_([] {
          GuardRules rules;
          rules.proxies = config::parse_address_list("TRUSTED_PROXIES", "10.0.0.0/8,2001:db8::/32").value();
          rules.allow = config::parse_address_list("WEBHOOK_ALLOW", "appsflyer").value();
          return rules;
        }()) {}
  std::string client(const http::Request& head) { return guard_.client_of(head).text(); }
  Guard guard_;
};

TEST_F(ProxiedGuard, AStrangersHeaderMeansNothing) {
  EXPECT_EQ(client(from("203.0.113.9", {"45.92.116.1"})), "203.0.113.9");
  EXPECT_FALSE(guard_.allows(guard_.client_of(from("203.0.113.9", {"45.92.116.1"}))));
}

TEST_F(ProxiedGuard, TheRightmostThatIsNoProxyIsTheClient) {
  EXPECT_EQ(client(from("10.0.0.1", {"45.92.116.1"})), "45.92.116.1");
  EXPECT_EQ(client(from("10.0.0.1", {"1.1.1.1, 45.92.116.1 , 10.0.0.2"})), "45.92.116.1");
  EXPECT_EQ(client(from("2001:db8::1", {"45.92.116.1", "203.0.113.9"})), "203.0.113.9") << "lines are one list";
  EXPECT_EQ(client(from("10.0.0.1", {"45.92.116.1:4711"})), "45.92.116.1");
  EXPECT_EQ(client(from("10.0.0.1", {"[2001:db9::5]:80"})), "2001:db9::5");
  EXPECT_EQ(client(from("10.0.0.1", {"2001:db9::5"})), "2001:db9::5");
  EXPECT_EQ(client(from("10.0.0.1", {"::ffff:45.92.116.1"})), "45.92.116.1");
}

TEST_F(ProxiedGuard, ProxiesAloneAreTheClient) {
  EXPECT_EQ(client(from("10.0.0.1")), "10.0.0.1");
  EXPECT_EQ(client(from("10.0.0.1", {"10.0.0.3, 10.0.0.2"})), "10.0.0.3");
}

TEST_F(ProxiedGuard, WhatIsNoAddressEndsTheSearchAtTheProxy) {
  for (const auto* list : {"45.92.116.1, unknown", "45.92.116.1, ", "45.92.116.1,,", "45.92.116.1 , \xff\xfe",
                           "45.92.116.1, [::1", "45.92.116.1,[::1]x", "45.92.116.1, 1.2.3.4.5"}) {
    EXPECT_EQ(client(from("10.0.0.1", {list})), "10.0.0.1") << list;
  }
  EXPECT_EQ(client(from("10.0.0.1", {"45.92.116.1, x, 10.0.0.2"})), "10.0.0.2");
  std::string proxies_without_end = "45.92.116.1";
  for (int i = 0; i < 1'000; ++i) proxies_without_end += ",10.0.0.9";
  EXPECT_EQ(client(from("10.0.0.1", {proxies_without_end})), "10.0.0.9");
}

TEST(Guard, WithoutRulesEverybodyComesIn) {
  const Guard open{GuardRules{}};
  EXPECT_TRUE(open.allows(address("203.0.113.9")));
  EXPECT_TRUE(open.knows(http::Request{}));
  EXPECT_FALSE(open.has_app_tokens());
}

TEST(Guard, KnowsItsTokensWithAndWithoutBearer) {
  const Guard one = guard("app.a=old-token,app.a=new-token,two words");
  for (const auto* good : {"old-token", "Bearer new-token", "bearer  old-token ", "two words", "Bearer two words"}) {
    EXPECT_TRUE(one.knows(showing(good))) << good;
  }
  for (const auto* bad : {"", "Bearer", "Bearer ", "old-toke", "old-token2", "OLD-TOKEN", "Basic old-token",
                          "app.a=old-token", "old-token,new-token", "two  words", "\xff\xff"}) {
    EXPECT_FALSE(one.knows(showing(bad))) << bad;
  }
  EXPECT_FALSE(one.knows(showing(std::string("old-token\0", 10))));
  EXPECT_FALSE(one.knows(showing(std::string(2'000, 'a'))));
  EXPECT_FALSE(one.knows(showing(std::string(16'000, 'a'))));
  EXPECT_FALSE(one.knows(http::Request{}));
}

TEST(Guard, TakesTheLongestTokenThatAppsFlyerSends) {
  const std::string longest(config::kTokenBytesMax, 'a');
  EXPECT_TRUE(guard(longest).knows(showing("Bearer " + longest)));
}

TEST(Guard, TwoLinesOfTheHeaderAreNoToken) {
  http::Request twice = showing("old-token");
  twice.headers.emplace_back("authorization", "x");
  EXPECT_FALSE(guard("old-token").knows(twice));
}

TEST(Guard, ATokenIsGoodForItsOwnApp) {
  const Guard one = guard("app.a=token-a,app.b=token-b,token-for-all,app.a=shared,app.b=shared");
  EXPECT_TRUE(one.has_app_tokens());
  EXPECT_TRUE(one.knows_for(showing("token-a"), "app.a"));
  EXPECT_FALSE(one.knows_for(showing("token-a"), "app.b"));
  EXPECT_FALSE(one.knows_for(showing("token-a"), "app.c"));
  EXPECT_TRUE(one.knows_for(showing("token-a"), "")) << "an event without an app is nobody else's";
  EXPECT_TRUE(one.knows_for(showing("token-for-all"), "app.c"));
  EXPECT_TRUE(one.knows_for(showing("shared"), "app.b"));
  EXPECT_FALSE(one.knows_for(showing("shared"), "app.c"));
  EXPECT_FALSE(one.knows_for(showing("unknown"), ""));
}

}  // namespace
}  // namespace twinshift::intake
