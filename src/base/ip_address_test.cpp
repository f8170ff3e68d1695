#include "base/ip_address.hpp"

#include <string>

#include <gtest/gtest.h>

namespace twinshift::base {
namespace {

using namespace std::string_view_literals;

TEST(IpAddress, HasOneFormHoweverItCame) {
  const auto plain = parse_ip_address("203.0.113.7");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain, parse_ip_address("::ffff:203.0.113.7"));
  EXPECT_EQ(plain, IpAddress::from_v4(0xCB007107U));
  EXPECT_TRUE(plain->is_v4());
  EXPECT_EQ(plain->text(), "203.0.113.7");
  EXPECT_EQ(parse_ip_address("2001:DB8:0::1")->text(), "2001:db8::1");
  EXPECT_FALSE(parse_ip_address("2001:db8::1")->is_v4());
}

TEST(IpAddress, TakesNothingElse) {
  for (const auto text : {""sv, "1.2.3"sv, "1.2.3.4.5"sv, "256.1.1.1"sv, "1.2.3.4:80"sv, " 1.2.3.4"sv, "01.2.3.4"sv,
                          "[::1]"sv, "::1%lo"sv, "unknown"sv, "1.2.3.4\0.5"sv, "1.2.3.4\xff"sv, ":::"sv}) {
    EXPECT_FALSE(parse_ip_address(text)) << text;
  }
  EXPECT_FALSE(parse_ip_address(std::string(16'000, '1')));
}

TEST(IpNetwork, HoldsWhatItsPrefixSays) {
  const auto af = parse_ip_network("45.92.116.0/22");
  ASSERT_TRUE(af);
  EXPECT_TRUE(af->contains(*parse_ip_address("45.92.116.0")));
  EXPECT_TRUE(af->contains(*parse_ip_address("::ffff:45.92.119.255")));
  EXPECT_FALSE(af->contains(*parse_ip_address("45.92.120.0")));
  EXPECT_FALSE(af->contains(*parse_ip_address("45.92.115.255")));
  EXPECT_FALSE(af->contains(*parse_ip_address("2d5c:7400::")));

  const auto one = parse_ip_network("2001:db8::1");
  EXPECT_TRUE(one->contains(*parse_ip_address("2001:db8::1")));
  EXPECT_FALSE(one->contains(*parse_ip_address("2001:db8::2")));

  EXPECT_TRUE(parse_ip_network("0.0.0.0/0")->contains(*parse_ip_address("9.9.9.9")));
  EXPECT_FALSE(parse_ip_network("0.0.0.0/0")->contains(*parse_ip_address("2001:db8::1")));
  EXPECT_TRUE(parse_ip_network("::/0")->contains(*parse_ip_address("9.9.9.9")));
  EXPECT_EQ(parse_ip_network("::ffff:10.0.0.0/104"), parse_ip_network("10.0.0.0/8"));
}

TEST(IpNetwork, RefusesSlips) {
  for (const auto text : {"10.0.0.0/"sv, "10.0.0.0/33"sv, "10.0.0.0/-1"sv, "10.0.0.0/8x"sv, "10.0.0.0/ 8"sv,
                          "10.0.0.1/8"sv, "2001:db8::/129"sv, "2001:db8::1/32"sv, "/8"sv, "10.0.0.0/8/8"sv}) {
    EXPECT_FALSE(parse_ip_network(text)) << text;
  }
}

}  // namespace
}  // namespace twinshift::base
