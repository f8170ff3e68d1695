#include "curl/http_client.hpp"

#include <cstdlib>

#include <gtest/gtest.h>

#include "curl/scripted_server_testing.hpp"

namespace twinshift::curl {
namespace {

using namespace std::chrono_literals;
using Kind = Failure::Kind;

Request request_to(const std::string& url, std::string body = "{}") {
  Request request;
  request.url = url;
  request.body = std::move(body);
  request.timeout = 10s;
  return request;
}

TEST(HttpClient, SendsWhatItIsGivenAndReadsTheAnswer) {
  ScriptedServer server([](const SeenRequest&) { return ScriptedServer::answer(418, "tea", "X-Pot: round\r\n"); });
  HttpClient client;
  Request request = request_to(server.url() + "/a?b=c", std::string("x\0y", 3));
  request.headers = {{"X-One", "1"}, {"Content-Type", "text/plain"}, {"X-Empty", ""}};
  const auto answer = client.send(request);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 418);
  EXPECT_EQ(answer->body, "tea");
  EXPECT_EQ(answer->header("x-pot"), "round");
  EXPECT_EQ(answer->header("X-Other"), "");
  const auto seen = server.seen();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_TRUE(seen[0].head.starts_with("POST /a?b=c HTTP/1.1\r\n")) << seen[0].head;
  EXPECT_EQ(seen[0].header("X-One"), "1");
  EXPECT_NE(seen[0].head.find("X-Empty:"), std::string::npos);
  EXPECT_EQ(seen[0].head.find("Expect:"), std::string::npos);
  EXPECT_EQ(seen[0].body, std::string("x\0y", 3));
}

TEST(HttpClient, SpeaksGetAndPutToo) {
  ScriptedServer server([](const SeenRequest&) { return ScriptedServer::answer(200, ""); });
  HttpClient client;
  for (const char* method : {"GET", "PUT"}) {
    Request request = request_to(server.url(), "");
    request.method = method;
    ASSERT_TRUE(client.send(request));
    EXPECT_TRUE(server.seen().back().head.starts_with(method)) << server.seen().back().head;
  }
}

TEST(HttpClient, FollowsNoRedirect) {
  ScriptedServer server(
      [](const SeenRequest&) { return ScriptedServer::answer(302, "", "Location: http://127.0.0.1:1/\r\n"); });
  const auto answer = HttpClient().send(request_to(server.url()));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 302);
}

TEST(HttpClient, TellsWhetherTheRequestMayHaveBeenSeen) {
  const auto refused = HttpClient().send(request_to("http://127.0.0.1:1/"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::cannot_connect);
  EXPECT_FALSE(refused.error().sent);

  ScriptedServer silent([](const SeenRequest&) { return std::nullopt; });
  const auto broken = HttpClient().send(request_to(silent.url()));
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().kind, Kind::broken);
  EXPECT_TRUE(broken.error().sent);
  EXPECT_FALSE(broken.error().detail.empty());
}

TEST(HttpClient, WaitsNoLongerThanItIsAllowedTo) {
  ScriptedServer server([](const SeenRequest&) { return std::string("hang"); });
  Request request = request_to(server.url());
  request.timeout = 100ms;
  const auto late = HttpClient().send(request);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, Kind::timeout);
  EXPECT_TRUE(late.error().sent);
}

TEST(HttpClient, IsEndedByAStop) {
  std::stop_source stop;
  ScriptedServer server([&](const SeenRequest&) {
    stop.request_stop();
    return std::string("hang");
  });
  const auto ended = HttpClient().send(request_to(server.url()), stop.get_token());
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().kind, Kind::cancelled);
}

TEST(HttpClient, TakesNoMoreThanItsBound) {
  ScriptedServer server([](const SeenRequest&) { return ScriptedServer::answer(200, std::string(2000, 'x')); });
  Request request = request_to(server.url());
  request.answer_bytes_max = 1999;
  const auto large = HttpClient().send(request);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().kind, Kind::too_large);
  request.answer_bytes_max = 2000;
  EXPECT_TRUE(HttpClient().send(request));
}

TEST(HttpClient, HalfAnAnswerIsNone) {
  ScriptedServer server([](const SeenRequest&) {
    return std::string("HTTP/1.1 200 X\r\nContent-Length: 10\r\nConnection: close\r\n\r\nhalf");
  });
  const auto half = HttpClient().send(request_to(server.url()));
  ASSERT_FALSE(half);
  EXPECT_EQ(half.error().kind, Kind::broken);
}

TEST(HttpClient, RefusesAHeaderThatWouldBeTwo) {
  Request request = request_to("http://127.0.0.1:1/");
  request.headers = {{"X-One", "1\r\nX-Two: 2"}};
  const auto refused = HttpClient().send(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::invalid);
  EXPECT_EQ(refused.error().detail.find("X-Two"), std::string::npos);
}

TEST(HttpClient, SpeaksNothingButHttp) {
  const auto refused = HttpClient().send(request_to("file:///etc/passwd"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::invalid);
}

TEST(HttpClient, AHostWithoutAnAddressIsNamed) {
  const auto lost = HttpClient().send(request_to("http://no-such-host.invalid/"));
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().kind, Kind::cannot_resolve);
  EXPECT_NE(lost.error().detail.find("no-such-host.invalid"), std::string::npos);
}

TEST(HttpClient, GoesThroughAProxyUnlessItMayNot) {
  ScriptedServer proxy([](const SeenRequest&) { return ScriptedServer::answer(200, "by proxy"); });
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  Request request = request_to("http://service.invalid/path");
  const auto through = HttpClient().send(request);
  request.may_use_proxy = false;
  const auto straight = HttpClient().send(request);
  ::unsetenv("http_proxy");
  ASSERT_TRUE(through);
  EXPECT_EQ(through->body, "by proxy");
  EXPECT_TRUE(proxy.seen().at(0).head.starts_with("POST http://service.invalid/path HTTP/1.1"))
      << proxy.seen().at(0).head;
  ASSERT_FALSE(straight);
  EXPECT_EQ(straight.error().kind, Kind::cannot_resolve);
}

TEST(HttpClient, KeepsAConnectionForTheNextRequest) {
  ScriptedServer server([](const SeenRequest&) { return ScriptedServer::answer(200, "{}"); });
  HttpClient client;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(client.send(request_to(server.url())));
  EXPECT_EQ(server.seen().size(), 3U);
  EXPECT_EQ(server.connections(), 1U);
}

}  // namespace
}  // namespace twinshift::curl
