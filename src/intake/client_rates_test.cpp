#include "intake/client_rates.hpp"

#include <gtest/gtest.h>

namespace twinshift::intake {
namespace {

using namespace std::chrono_literals;

base::IpAddress v4(std::uint32_t number) {
  return base::IpAddress::from_v4(number);
}

TEST(ClientRates, HoldsOneSecondsWorthAndFillsUpAgain) {
  ClientRates rates(1);
  base::SteadyTime now{};
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(rates.take(v4(1), 10, now));
  EXPECT_FALSE(rates.take(v4(1), 10, now));
  EXPECT_TRUE(rates.take(v4(2), 10, now)) << "each client has its own";
  now += 100ms;
  EXPECT_TRUE(rates.take(v4(1), 10, now));
  EXPECT_FALSE(rates.take(v4(1), 10, now));
  now += 1h;
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(rates.take(v4(1), 10, now));
  EXPECT_FALSE(rates.take(v4(1), 10, now));
}

TEST(ClientRates, ARateThatIsLoweredCountsAtOnce) {
  ClientRates rates(1);
  const base::SteadyTime now{};
  EXPECT_TRUE(rates.take(v4(1), 100, now));
  EXPECT_TRUE(rates.take(v4(1), 1, now));
  EXPECT_FALSE(rates.take(v4(1), 1, now));
}

TEST(ClientRates, AnIpv6NetworkIsOneClient) {
  ClientRates rates(1);
  const base::SteadyTime now{};
  EXPECT_TRUE(rates.take(base::parse_ip_address("2001:db8::1").value(), 1, now));
  EXPECT_FALSE(rates.take(base::parse_ip_address("2001:db8::2").value(), 1, now));
  EXPECT_TRUE(rates.take(base::parse_ip_address("2001:db8:0:1::1").value(), 1, now));
}

TEST(ClientRates, MoreClientsThanPlacesAreNeverTurnedAwayForIt) {
  ClientRates rates(1);
  const base::SteadyTime now{};
  for (std::uint32_t i = 0; i < 5 * ClientRates::kSets * ClientRates::kWays; ++i) {
    ASSERT_TRUE(rates.take(v4(i), 1, now)) << i;
  }
}

}  // namespace
}  // namespace twinshift::intake
