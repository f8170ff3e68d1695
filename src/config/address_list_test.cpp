#include "config/address_list.hpp"

#include <string>

#include <gtest/gtest.h>

namespace twinshift::config {
namespace {

base::IpAddress address(std::string_view text) {
  return base::parse_ip_address(text).value();
}

TEST(AddressList, HoldsAddressesNetworksAndNamedRanges) {
  const auto list = parse_address_list("WEBHOOK_ALLOW", " 203.0.113.7 ,10.0.0.0/8,2001:db8::/32 , AppsFlyer");
  ASSERT_TRUE(list);
  for (const auto* in : {"203.0.113.7", "10.255.0.1", "2001:db8:1::2", "45.92.117.9", "194.28.47.255"}) {
    EXPECT_TRUE(contains(*list, address(in))) << in;
  }
  for (const auto* out : {"203.0.113.8", "11.0.0.1", "2001:db9::1", "45.92.120.0", "194.28.48.0", "::1"}) {
    EXPECT_FALSE(contains(*list, address(out))) << out;
  }
  EXPECT_TRUE(parse_address_list("WEBHOOK_ALLOW", " ")->empty());
}

TEST(AddressList, NamesThePositionOfWhatIsWrong) {
  const auto wrong = parse_address_list("TRUSTED_PROXIES", "10.0.0.0/8,secret-host");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().where, "TRUSTED_PROXIES");
  EXPECT_NE(wrong.error().message.find("entry 2"), std::string::npos);
  EXPECT_EQ(wrong.error().text().find("secret-host"), std::string::npos);
  EXPECT_NE(parse_address_list("X", "10.0.0.0/8,").error().message.find("entry 2 is empty"), std::string::npos);
  std::string many = "10.0.0.1";
  for (std::size_t i = 0; i < kNetworksMax; ++i) many += ",10.0.0.1";
  EXPECT_FALSE(parse_address_list("X", many));
}

}  // namespace
}  // namespace twinshift::config
