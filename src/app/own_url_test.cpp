#include "app/own_url.hpp"

#include <gtest/gtest.h>

namespace twinshift::app {
namespace {

std::string url_with(const std::string& host, const std::string& certificate = {}) {
  config::Settings settings;
  settings.host = host;
  settings.port = 3000;
  settings.tls_cert_file = certificate;
  return own_url(settings, "/health").value_or("none");
}

TEST(OwnUrl, AllAddressesMeanThisMachine) {
  EXPECT_EQ(url_with("0.0.0.0"), "http://127.0.0.1:3000/health");
  EXPECT_EQ(url_with(""), "http://127.0.0.1:3000/health");
  EXPECT_EQ(url_with("*"), "http://127.0.0.1:3000/health");
  EXPECT_EQ(url_with("::"), "http://[::1]:3000/health");
}

TEST(OwnUrl, OneAddressIsAskedItself) {
  EXPECT_EQ(url_with("10.0.0.7"), "http://10.0.0.7:3000/health");
  EXPECT_EQ(url_with("::1"), "http://[::1]:3000/health");
  EXPECT_EQ(url_with("localhost"), "http://localhost:3000/health");
}

TEST(OwnUrl, HttpsWhereTheServiceSpeaksIt) {
  EXPECT_EQ(url_with("127.0.0.1", "server.crt"), "https://127.0.0.1:3000/health");
}

TEST(OwnUrl, AnyFreePortIsKnownToTheLogAlone) {
  config::Settings settings;
  settings.port = 0;
  const auto url = own_url(settings, "/health");
  ASSERT_FALSE(url);
  EXPECT_EQ(url.error().kind, base::ErrorKind::invalid);
  EXPECT_NE(url.error().text().find("Set PORT"), std::string::npos) << url.error().text();
}

}  // namespace
}  // namespace twinshift::app
