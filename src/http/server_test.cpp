#include "http/server.hpp"

#include <future>
#include <stdexcept>
#include <unistd.h>

#include "http/listener.hpp"
#include "http/wire_testing.hpp"

namespace twinshift::http::testing {
namespace {

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
  start();
  Wire w = wire();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(w.send(post("body " + std::to_string(i))));
    const Answer answer = w.answer();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "body " + std::to_string(i));
    EXPECT_EQ(answer.headers.at("Content-Type"), "application/json; charset=utf-8");
    EXPECT_EQ(answer.headers.count("Connection"), 0U);
    EXPECT_EQ(answer.headers.at("Date").substr(25), " GMT");
  }
  EXPECT_EQ(server_->stats().requests, 3U);
  EXPECT_EQ(server_->stats().connections_open, 1U);
}

TEST_F(ServerTest, ServesPathsWithQueryAndTrailingSlash) {
  start();
  Wire w = wire();
  for (const char* target : {"/echo?a=1&b=%20/", "/echo/?a=1&b=%20/", "http://host:80/echo?a=1&b=%20/"}) {
    ASSERT_TRUE(w.send("GET " + std::string(target) + " HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_EQ(w.answer().body, "a=1&b=%20/") << target;
  }
  const auto requests = seen();
  ASSERT_EQ(requests.size(), 3U);
  for (const auto& request : requests) {
    EXPECT_EQ(request.method, "GET");
    EXPECT_EQ(request.path, "/echo");
  }
}

TEST_F(ServerTest, KeepsOnlyNamedHeaders) {
  Options options;
  options.headers_kept = {"authorization", "x-token"};
  start(options);
  Wire w = wire();
  ASSERT_TRUE(w.send(post("", "/echo", "X-TOKEN: a b\r\nAuthorization:  Bearer t \r\nX-Other: c\r\n")));
  EXPECT_EQ(w.answer().status, 200);
  using Headers = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(seen().at(0).headers, (Headers{{"x-token", "a b"}, {"authorization", "Bearer t"}}));
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  start();
  Wire w = wire();
  ASSERT_TRUE(w.send(post("1") + post("2") + "\r\n" + post("3")));
  EXPECT_EQ(w.answer().body, "1");
  EXPECT_EQ(w.answer().body, "2");
  EXPECT_EQ(w.answer().body, "3");
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrderFromOtherThreads) {
  start();
  Wire w = wire();
  ASSERT_TRUE(w.send(post("1", "/later") + post("2") + post("3", "/later") + post("4")));
  for (const char* name : {"1", "3"}) {
    ASSERT_TRUE(wait_later(1));
    auto waiting = take_later();
    ASSERT_EQ(waiting.size(), 1U);  // the next one is not begun before this one is answered
    EXPECT_EQ(waiting[0].first.body, name);
    std::thread([&] { waiting[0].second.send(plain(waiting[0].first.body)); }).join();
    EXPECT_EQ(w.answer().body, name);
    EXPECT_EQ(w.answer().body, name == std::string("1") ? "2" : "4");
  }
}

TEST_F(ServerTest, AnswersABurstFromAnotherThread) {
  start();
  constexpr std::size_t kClients = 200;
  std::vector<Wire> wires;
  for (std::size_t i = 0; i < kClients; ++i) {
    wires.push_back(wire());
    ASSERT_TRUE(wires.back().send(post(std::to_string(i), "/later")));
  }
  ASSERT_TRUE(wait_later(kClients));
  std::thread([this] {
    auto waiting = take_later();
    std::ranges::reverse(waiting);
    for (auto& [request, responder] : waiting) responder.send(plain(request.body));
  }).join();
  for (std::size_t i = 0; i < kClients; ++i) EXPECT_EQ(wires[i].answer().body, std::to_string(i));
}

TEST_F(ServerTest, TakesARequestByteByByte) {
  start();
  Wire w = wire();
  for (const char c : post("slow", "/echo") + post("er")) ASSERT_TRUE(w.send(std::string_view(&c, 1)));
  EXPECT_EQ(w.answer().body, "slow");
  EXPECT_EQ(w.answer().body, "er");
}

TEST_F(ServerTest, TakesABodyOfTheLargestSize) {
  start();
  const std::string body(1024 * 1024, 'x');
  Wire w = wire();
  ASSERT_TRUE(w.send(post(body)));
  const Answer answer = w.answer();
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.body == body);
}

TEST_F(ServerTest, HalfClosedClientGetsItsAnswer) {
  start();
  Wire w = wire();
  ASSERT_TRUE(w.send(post("x", "/later")));
  w.finish_sending();
  ASSERT_TRUE(wait_later(1));
  take_later()[0].second.send(plain("late"));
  EXPECT_EQ(w.answer().body, "late");
  EXPECT_TRUE(w.ended());
}

TEST_F(ServerTest, ClientThatHasGoneHarmsNobody) {
  start();
  {
    Wire w = wire();
    ASSERT_TRUE(w.send(post("gone", "/later")));
    ASSERT_TRUE(wait_later(1));
  }
  auto waiting = take_later();
  EXPECT_EQ(waiting[0].first.body, "gone");
  waiting[0].second.send(plain("nobody reads this"));
  EXPECT_TRUE(wait_until([this] { return server_->stats().connections_open == 0; }));
  expect_alive();
}

TEST_F(ServerTest, UnansweredRequestIs500) {
  start();
  Wire w = wire();
  ASSERT_TRUE(w.send(post("x", "/drop") + post("y", "/later")));
  EXPECT_EQ(w.answer().status, 500);
  ASSERT_TRUE(wait_later(1));
  std::thread([this] { take_later().clear(); }).join();
  const Answer answer = w.answer();
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body, R"({"success":false,"error":"The request was dropped without an answer"})");
}

TEST_F(ServerTest, ResponderOutlivesTheServer) {
  start();
  Wire w = wire();
  ASSERT_TRUE(w.send(post("x", "/later")));
  ASSERT_TRUE(wait_later(1));
  auto waiting = take_later();
  server_.reset();
  waiting[0].second.send(plain("too late"));
  EXPECT_TRUE(w.ended());
}

TEST_F(ServerTest, ResponderAssignedAnswersTheFormerRequest) {
  start();
  Wire a = wire();
  Wire b = wire();
  ASSERT_TRUE(a.send(post("a", "/later")));
  ASSERT_TRUE(wait_later(1));
  ASSERT_TRUE(b.send(post("b", "/later")));
  ASSERT_TRUE(wait_later(2));
  auto waiting = take_later();
  waiting[0].second = std::move(waiting[1].second);
  EXPECT_EQ(a.answer().status, 500);
  waiting[0].second.send(plain("b"));
  EXPECT_EQ(b.answer().body, "b");
}

TEST_F(ServerTest, HeadHasTheHeadersOfGet) {
  start();
  Wire w = wire();
  ASSERT_TRUE(w.send("HEAD /echo?12345 HTTP/1.1\r\nHost: x\r\n\r\n" + post("next")));
  const Answer answer = w.answer(true);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.at("Content-Length"), "5");
  EXPECT_EQ(w.answer().body, "next");
}

TEST_F(ServerTest, UnknownPathsAndWrongMethods) {
  start();
  Wire w = wire();
  ASSERT_TRUE(w.send("GET /secret-path HTTP/1.1\r\nHost: x\r\n\r\n"));
  const Answer missing = w.answer();
  EXPECT_EQ(missing.status, 404);
  EXPECT_TRUE(missing.body.starts_with(R"({"success":false,"error":"Not found: this service takes POST /echo)"));
  EXPECT_EQ(missing.body.find("secret"), std::string::npos);
  ASSERT_TRUE(w.send("DELETE /echo HTTP/1.1\r\nHost: x\r\n\r\n"));
  const Answer wrong = w.answer();
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.headers.at("Allow"), "POST, GET, HEAD");
  EXPECT_EQ(wrong.body, R"({"success":false,"error":"Method not allowed: this path takes POST, GET, HEAD"})");
  ASSERT_TRUE(w.send("HEAD /later HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_EQ(w.answer(true).status, 405);
  ASSERT_TRUE(w.send("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_EQ(w.answer().status, 404);
}

TEST_F(ServerTest, ConnectionCloseAndHttp10) {
  start();
  EXPECT_NE(exchange(post("x", "/echo", "Connection: close\r\n")).find("Connection: close\r\n"), std::string::npos);
  EXPECT_NE(exchange("GET /echo?q HTTP/1.0\r\n\r\n").find("\r\nConnection: close\r\n"), std::string::npos);
  Wire w = wire();
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(w.send("GET /echo?q HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    EXPECT_EQ(w.answer().headers.at("Connection"), "keep-alive");
  }
}

TEST_F(ServerTest, ChunkedBodiesWithExtensionsAndTrailers) {
  start();
  Wire w = wire();
  ASSERT_TRUE(
      w.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n"
             "4;name=\"v;1\"\r\nWiki\r\n5\r\npedia\r\n0\r\nExpires: never\r\nX-T: 1\r\n\r\n" +
             post("next")));
  EXPECT_EQ(w.answer().body, "Wikipedia");
  EXPECT_EQ(w.answer().body, "next");
}

TEST_F(ServerTest, ExpectContinue) {
  start();
  Wire w = wire();
  ASSERT_TRUE(w.send("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nContent-Length: 4\r\n\r\n"));
  EXPECT_EQ(w.answer().status, 100);
  ASSERT_TRUE(w.send("body"));
  EXPECT_EQ(w.answer().body, "body");
  // Where the body is there already, nobody waits for the 100.
  ASSERT_TRUE(w.send(post("body", "/echo", "Expect: 100-continue\r\n")));
  EXPECT_EQ(w.answer().status, 200);
}

TEST_F(ServerTest, ServesOnSeveralThreads) {
  Options options;
  options.threads = 3;
  start(options);
  std::vector<Wire> wires;
  for (int i = 0; i < 30; ++i) wires.push_back(wire());
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(wires[static_cast<std::size_t>(i)].send(post(std::to_string(i))));
  for (int i = 0; i < 30; ++i) EXPECT_EQ(wires[static_cast<std::size_t>(i)].answer().body, std::to_string(i));
  EXPECT_EQ(server_->stats().requests, 30U);
}

TEST_F(ServerTest, AddressInUseIsSaid) {
  start();
  Options options;
  options.host = "127.0.0.1";
  options.port = server_->port();
  Server second(options, Routes());
  const auto started = second.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, base::ErrorKind::conflict);
  EXPECT_NE(started.error().text().find("already in use"), std::string::npos);
  const std::string port = std::to_string(options.port);
  EXPECT_NE(started.error().hint.find("`ss -ltnp 'sport = :" + port + "'`"), std::string::npos) << "names who has it";
  EXPECT_NE(started.error().hint.find("set PORT"), std::string::npos);
}

TEST_F(ServerTest, AnAddressIsTriedWithoutListening) {
  start();
  const auto taken = could_listen_on(
      {.host = "127.0.0.1", .port = server_->port(), .host_option = "ADMIN_HOST", .port_option = "ADMIN_PORT"});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().kind, base::ErrorKind::conflict);
  EXPECT_NE(taken.error().hint.find("set ADMIN_PORT"), std::string::npos);
  const auto elsewhere = could_listen_on({.host = "192.0.2.1", .port = 0, .host_option = "ADMIN_HOST"});
  ASSERT_FALSE(elsewhere);
  EXPECT_NE(elsewhere.error().hint.find("Set ADMIN_HOST"), std::string::npos);
  EXPECT_TRUE(could_listen_on({.host = "127.0.0.1", .port = 0}));
  const auto free = listen_on({.host = "127.0.0.1", .port = 0});
  ASSERT_TRUE(free);
  close(free->fd);
  const Address again{.host = "127.0.0.1", .port = free->port};
  EXPECT_TRUE(could_listen_on(again));
  EXPECT_TRUE(could_listen_on(again)) << "it is let go of";
}

TEST(Server, UnknownHostIsSaid) {
  Options options;
  options.host = "256.1.1.1";
  Server server(options, Routes());
  const auto started = server.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, base::ErrorKind::invalid);
}

TEST_F(ServerTest, DrainClosesIdleOnesAndAnswersWhatIsUnderWay) {
  start();
  Wire idle = wire();
  ASSERT_TRUE(idle.send(post("x")));
  EXPECT_EQ(idle.answer().status, 200);
  Wire busy = wire();
  ASSERT_TRUE(busy.send(post("x", "/later")));
  ASSERT_TRUE(wait_later(1));
  auto draining = std::async(std::launch::async, [this] { server_->drain(kPatience); });
  EXPECT_TRUE(idle.ended());
  EXPECT_FALSE(wire().connected());
  take_later()[0].second.send(plain("done"));
  const Answer answer = busy.answer();
  EXPECT_EQ(answer.body, "done");
  EXPECT_EQ(answer.headers.at("Connection"), "close");
  EXPECT_TRUE(busy.ended());
  ASSERT_EQ(draining.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(server_->stats().connections_open, 0U);
}

TEST_F(ServerTest, DrainEndsAtItsLimit) {
  start();
  Wire busy = wire();
  ASSERT_TRUE(busy.send(post("x", "/later")));
  ASSERT_TRUE(wait_later(1));
  server_->drain(20ms);
  EXPECT_EQ(server_->stats().connections_open, 1U);
  server_.reset();
  EXPECT_TRUE(busy.ended());
}

TEST_F(ServerTest, DrainServesWhatHasAlreadyArrived) {
  Options options;
  options.threads = 2;
  start(options);
  std::vector<Wire> wires;
  for (int i = 0; i < 20; ++i) {
    wires.push_back(wire());
    ASSERT_TRUE(wires.back().send(post("in time")));
  }
  server_->drain(kPatience);
  for (auto& w : wires) EXPECT_EQ(w.answer().body, "in time");
}

TEST_F(ServerTest, HandlerThatThrowsIs500) {
  Options options;
  options.host = "127.0.0.1";
  options.port = 0;
  Routes routes;
  routes.add("GET", "/", [](const Request&, const Responder&) { throw std::runtime_error("broken"); });
  Server server(options, routes);
  ASSERT_TRUE(server.start());
  Wire w(server.port());
  ASSERT_TRUE(w.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_EQ(w.answer().status, 500);
}

}  // namespace
}  // namespace twinshift::http::testing
