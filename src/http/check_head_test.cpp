// What is decided about a request by its head alone, and by who has connected.
#include <atomic>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "http/wire_testing.hpp"

namespace twinshift::http::testing {
namespace {

class CheckHeadTest : public ServerTest {
 protected:
  void start_guarded(Options options = {}) {
    options.headers_kept = {"authorization"};
    options.check_head = [this](const Request& head) -> std::optional<Response> {
      ++asked_;
      if (!head.headers.empty() && head.headers[0].second == "right") return std::nullopt;
      Response response;
      response.status = 401;
      return response;
    };
    start(std::move(options));
  }
  static constexpr const char* kRight = "Authorization: right\r\n";

  std::atomic<int> asked_{0};
};

TEST_F(CheckHeadTest, IsAskedOnceARequest) {
  start_guarded();
  Wire w = wire();
  ASSERT_TRUE(w.send(post("one", "/echo", kRight)));
  EXPECT_EQ(w.answer().body, "one");
  const std::string head =
      "POST /echo HTTP/1.1\r\nHost: x\r\nAuthorization: right\r\nContent-Length: 3\r\n"
      "Expect: 100-continue\r\n\r\n";
  ASSERT_TRUE(w.send(head));
  EXPECT_EQ(w.answer(true).status, 100);
  ASSERT_TRUE(w.send("two"));
  EXPECT_EQ(w.answer().body, "two");
  EXPECT_EQ(asked_, 2);
}

TEST_F(CheckHeadTest, AWholeRequestIsAnsweredAndTheConnectionStays) {
  start_guarded();
  Wire w = wire();
  ASSERT_TRUE(w.send(post("wrong")));
  EXPECT_EQ(w.answer().status, 401);
  ASSERT_TRUE(w.send(post("right", "/echo", kRight)));
  EXPECT_EQ(w.answer().body, "right");
  EXPECT_EQ(seen().size(), 1U);
}

TEST_F(CheckHeadTest, ABodyStillToComeIsNotWaitedFor) {
  start_guarded();
  Wire w = wire();
  ASSERT_TRUE(w.send("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"));
  const Answer answer = w.answer();
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.headers.at("Connection"), "close");
  w.finish_sending();
  EXPECT_TRUE(w.ended());
  EXPECT_TRUE(seen().empty());
}

TEST_F(CheckHeadTest, NothingIsKeptOfATooLargeBodyOfAStranger) {
  Options options;
  options.body_bytes_max = 10;
  start_guarded(std::move(options));
  Wire stranger = wire();
  ASSERT_TRUE(stranger.send(post("more than ten bytes")));
  EXPECT_EQ(stranger.answer().status, 401);
  stranger.finish_sending();
  EXPECT_TRUE(stranger.ended());
  // Of one who may send it is: the order of the two shows that the first was not told of.
  Wire known = wire();
  ASSERT_TRUE(known.send(post("eleven bytes", "/echo", kRight)));
  EXPECT_EQ(known.answer().status, 413);
  known.finish_sending();
  EXPECT_TRUE(known.ended());
  ASSERT_TRUE(wait_refusals(1));
  EXPECT_EQ(refusals().at(0).body, "eleven byt") << "cut at the bound";
}

TEST_F(CheckHeadTest, NothingIsKeptOfABrokenGzipOfAStranger) {
  start_guarded();
  Wire w = wire();
  ASSERT_TRUE(w.send(post("no gzip", "/echo", "Content-Encoding: gzip\r\n")));
  EXPECT_EQ(w.answer().status, 401);
  EXPECT_TRUE(refusals().empty());
}

TEST_F(CheckHeadTest, HeadersToKeepMayChange) {
  start_guarded();
  Wire w = wire();
  ASSERT_TRUE(w.send(post("1", "/echo", "Authorization: right\r\nX-New: a\r\n")));
  EXPECT_EQ(w.answer().status, 200);
  server_->keep_headers({"authorization", "x-new"});
  ASSERT_TRUE(w.send(post("2", "/echo", "Authorization: right\r\nX-New: a\r\n")));
  EXPECT_EQ(w.answer().status, 200);
  ASSERT_EQ(seen().size(), 2U);
  EXPECT_EQ(seen()[0].headers.size(), 1U);
  EXPECT_EQ(seen()[1].headers.size(), 2U);
}

TEST_F(ServerTest, ARequestKnowsWhereItComesFrom) {
  start();
  Wire w = wire();
  ASSERT_TRUE(w.send(post("1")));
  EXPECT_EQ(w.answer().status, 200);
  EXPECT_EQ(seen().at(0).client.text(), "127.0.0.1");
}

TEST_F(ServerTest, AnAddressHasItsShareOfConnections) {
  std::mutex mutex;
  std::vector<std::string> told;
  base::log::set_sink([&](std::string_view line) {
    const std::lock_guard lock(mutex);
    told.emplace_back(line);
  });
  std::atomic<std::size_t> most{2};
  Options options;
  options.connections_per_peer_max = [&most](const base::IpAddress& peer) {
    EXPECT_EQ(peer.text(), "127.0.0.1");
    return most.load();
  };
  start(std::move(options));
  Wire one = wire();
  {
    Wire two = wire();
    ASSERT_TRUE(one.send(post("1")));
    EXPECT_EQ(one.answer().body, "1");
    ASSERT_TRUE(two.send(post("2")));
    EXPECT_EQ(two.answer().body, "2");
    Wire three = wire();
    const Answer answer = three.answer();
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.headers.at("Retry-After"), "1");
    EXPECT_EQ(server_->stats().connections_refused, 1U);
    EXPECT_EQ(wire().answer().status, 503) << "told once in 30 s";
  }
  base::log::set_sink({});
  ASSERT_EQ(told.size(), 1U);
  EXPECT_NE(told[0].find("\"level\":\"warn\""), std::string::npos) << told[0];
  EXPECT_NE(told[0].find("127.0.0.1"), std::string::npos) << told[0];
  EXPECT_NE(told[0].find("HTTP_CONNECTIONS_PER_CLIENT_MAX"), std::string::npos) << told[0];
  ASSERT_TRUE(wait_until([&] { return server_->stats().connections_open == 1; }));
  Wire again = wire();
  ASSERT_TRUE(again.send(post("again")));
  EXPECT_EQ(again.answer().body, "again");
  most = 0;  // no bound
  expect_alive();
}

}  // namespace
}  // namespace twinshift::http::testing
