#include "app/admin_door.hpp"

#include <optional>

#include <gtest/gtest.h>

#include "http/outbox.hpp"

namespace twinshift::app {
namespace {

class Caught final : public http::Responder::Sink {
 public:
  void send(http::Response response) override { answer = std::move(response); }
  std::shared_ptr<http::Stream> stream() override { return nullptr; }
  std::optional<http::Response> answer;
};

class AdminDoorTest : public ::testing::Test {
 protected:
  AdminDoorTest() { settings_.host = "127.0.0.1"; }
  // The status of a request that shows this in Authorization.
  int ask(const std::string& authorization) {
    const AdminDoor door(settings_);
    const http::Handler handler =
        door.guard([](const http::Request&, http::Responder responder) { responder.send({}); });
    const auto caught = std::make_shared<Caught>();
    http::Request request;
    if (!authorization.empty()) request.headers.emplace_back("authorization", authorization);
    handler(std::move(request), http::Responder(caught));
    return caught->answer ? caught->answer->status : 0;
  }
  config::Settings settings_;
};

TEST_F(AdminDoorTest, OnThisMachineAloneItIsOpen) {
  EXPECT_EQ(ask(""), 200);
}

TEST_F(AdminDoorTest, WhereOthersReachItItIsShutUntilSomebodySaysToWhom) {
  settings_.host = "0.0.0.0";
  EXPECT_TRUE(AdminDoor(settings_).is_shut());
  EXPECT_EQ(ask(""), 403);
  settings_.admin_port = 9090;
  EXPECT_FALSE(AdminDoor(settings_).is_shut());
  EXPECT_TRUE(AdminDoor(settings_).elsewhere());
  EXPECT_EQ(ask(""), 200);
}

TEST_F(AdminDoorTest, ATokenIsTakenAsBearerOrAsPassword) {
  settings_.host = "0.0.0.0";
  settings_.admin_token = "open sesame";
  EXPECT_EQ(ask("Bearer open sesame"), 200);
  EXPECT_EQ(ask("bEARER open sesame"), 200);
  EXPECT_EQ(ask("Basic YW55Ym9keTpvcGVuIHNlc2FtZQ=="), 200) << "anybody:open sesame";
  EXPECT_EQ(ask("Basic Om9wZW4gc2VzYW1l"), 200) << ":open sesame";
  const std::string odd = std::string("Bearer \x00\xff", 9);
  for (const std::string& wrong :
       {std::string(), std::string("open sesame"), std::string("Bearer "), std::string("Bearer open sesam"),
        std::string("Bearer open sesame "), std::string("Basic"), std::string("Basic !!!!"),
        std::string("Basic b3BlbiBzZXNhbWU="), odd, std::string(100'000, 'x')}) {
    EXPECT_EQ(ask(wrong), 401) << wrong.substr(0, 40);
  }
}

TEST_F(AdminDoorTest, OfTwoHeadersNeitherCounts) {
  settings_.admin_token = "open sesame";
  for (const char* other : {"Bearer open sesame", "Bearer another"}) {
    http::Request request;
    request.headers.emplace_back("authorization", "Bearer open sesame");
    EXPECT_TRUE(AdminDoor(settings_).lets_in(request));
    request.headers.emplace_back("authorization", other);
    EXPECT_FALSE(AdminDoor(settings_).lets_in(request)) << other;
  }
}

TEST_F(AdminDoorTest, TellsWhomItLetsIn) {
  http::Request bare;
  http::Request shown;
  shown.headers.emplace_back("authorization", "Bearer open sesame");
  EXPECT_TRUE(AdminDoor(settings_).lets_in(bare));
  settings_.host = "0.0.0.0";
  EXPECT_FALSE(AdminDoor(settings_).lets_in(shown)) << "shut";
  for (const int admin_port : {0, 9090}) {
    settings_.admin_token = "open sesame";
    settings_.admin_port = admin_port;
    EXPECT_FALSE(AdminDoor(settings_).lets_in(bare));
    EXPECT_TRUE(AdminDoor(settings_).lets_in(shown));
  }
}

TEST(LoopbackTest, KnowsThisMachine) {
  for (const char* host : {"127.0.0.1", "127.9.9.9", "::1", "localhost"}) EXPECT_TRUE(is_loopback(host)) << host;
  for (const char* host : {"0.0.0.0", "::", "10.0.0.1", "example.com", "1270.0.0.1", ""})
    EXPECT_FALSE(is_loopback(host)) << host;
}

}  // namespace
}  // namespace twinshift::app
