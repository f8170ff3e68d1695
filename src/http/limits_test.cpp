// What the server refuses, and that a refused client sees why.
#include <atomic>
#include <random>
#include <sys/resource.h>

#include "base/log.hpp"
#include "http/gzip_testing.hpp"
#include "http/wire_testing.hpp"

namespace twinshift::http::testing {
namespace {

class LimitsTest : public ServerTest {
 protected:
  // The status of the answer to `bytes`, after which the connection must end.
  std::string refused(const std::string& bytes) {
    const std::string text = exchange(bytes);
    if (text.find("\r\nConnection: close\r\n") == std::string::npos) return "no close: " + text;
    if (text.find(R"({"success":false,"error":")") == std::string::npos) return "no error: " + text;
    return text.substr(9, 3);
  }
};

std::string head(std::string_view lines) {
  return "POST /echo HTTP/1.1\r\nHost: x\r\n" + std::string(lines) + "\r\n";
}

TEST_F(LimitsTest, MalformedRequestsAre400) {
  start();
  EXPECT_EQ(refused("hello\r\n\r\n"), "400");
  EXPECT_EQ(refused("GET /echo\r\n\r\n"), "400");
  EXPECT_EQ(refused("GET  /echo HTTP/1.1\r\n\r\n"), "400");
  EXPECT_EQ(refused("G\x01T /echo HTTP/1.1\r\n\r\n"), "400");
  EXPECT_EQ(refused("GET /echo HTTP/3.0\r\n\r\n"), "400");
  EXPECT_EQ(refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "400");
  EXPECT_EQ(refused("GET /echo HTTP/1.1\r\nno colon\r\n\r\n"), "400");
  EXPECT_EQ(refused("GET /echo HTTP/1.1\r\nName : x\r\n\r\n"), "400");
  EXPECT_EQ(refused("GET /echo HTTP/1.1\r\nA: \x01\r\n\r\n"), "400");
  EXPECT_EQ(refused("GET /echo HTTP/1.1\nHost: x\n\n"), "400");
  EXPECT_EQ(refused(std::string("GET /echo\0 HTTP/1.1\r\n\r\n", 23)), "400");
  EXPECT_EQ(refused(std::string("\x16\x03\x01\x02\x00\x01\x00\x01", 8)), "400");  // TLS
  expect_alive();
}

TEST_F(LimitsTest, ContradictingLengthsAreRefused) {
  start();
  EXPECT_EQ(refused(head("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n"), "400");
  EXPECT_EQ(refused(head("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n") + "0\r\n\r\n"), "400");
  EXPECT_EQ(refused(head("Content-Length: 5\r\nContent-Length: 6\r\n") + "12345"), "400");
  EXPECT_EQ(refused(head("Content-Length: 5, 6\r\n") + "12345"), "400");
  EXPECT_EQ(refused(head("Content-Length: -5\r\n") + "12345"), "400");
  EXPECT_EQ(refused(head("Content-Length: +5\r\n") + "12345"), "400");
  EXPECT_EQ(refused(head("Content-Length: 0x5\r\n") + "12345"), "400");
  EXPECT_EQ(refused(head("Content-Length: 99999999999999999999999\r\n")), "400");
  EXPECT_EQ(refused(head("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n"), "400");
  EXPECT_EQ(refused(head("Transfer-Encoding: gzip, chunked\r\n") + "0\r\n\r\n"), "501");
  EXPECT_EQ(refused(head("Transfer-Encoding: chunked, identity\r\n") + "0\r\n\r\n"), "501");
  EXPECT_EQ(refused(head("Transfer-Encoding: xchunked\r\n") + "0\r\n\r\n"), "501");
  EXPECT_EQ(refused("POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), "400");
  EXPECT_EQ(refused(head("Transfer-Encoding: chunked\r\n") + "zz\r\n\r\n"), "400");
  EXPECT_EQ(refused(head("Transfer-Encoding: chunked\r\n") + "1\r\nab\r\n0\r\n\r\n"), "400");
  EXPECT_EQ(refused(head("Transfer-Encoding: chunked\r\n") + "fffffffffffffffff\r\n"), "400");
  EXPECT_TRUE(seen().empty());
}

TEST_F(LimitsTest, EqualLengthsAreTaken) {
  start();
  Wire w = wire();
  ASSERT_TRUE(w.send(head("Content-Length: 5\r\nContent-Length: 5\r\n") + "12345"));
  EXPECT_EQ(w.answer().body, "12345");
}

TEST_F(LimitsTest, LargeHeadsAre431) {
  Options options;
  options.header_bytes_max = 1000;
  start(options);
  EXPECT_EQ(refused(head("A: " + std::string(1000, 'a') + "\r\n")), "431");
  EXPECT_EQ(refused("GET /" + std::string(1000, 'a') + " HTTP/1.1\r\n\r\n"), "431");
  EXPECT_EQ(refused("GET /" + std::string(100'000, 'a')), "431");
  std::string many;
  for (int i = 0; i < 100; ++i) many += "Name-" + std::to_string(i) + ": some value\r\n";
  EXPECT_EQ(refused(head(many)), "431");
  EXPECT_EQ(refused(head("Transfer-Encoding: chunked\r\n") + "1;" + std::string(2000, 'e')), "431");
  EXPECT_EQ(refused(head("Transfer-Encoding: chunked\r\n") + "0\r\nT: " + std::string(2000, 'e')), "431");
  Wire w = wire();
  ASSERT_TRUE(w.send(head("A: " + std::string(900, 'a') + "\r\n")));
  EXPECT_EQ(w.answer().status, 200);
}

TEST_F(LimitsTest, LargeHeadIs431EvenInDrops) {
  Options options;
  options.header_bytes_max = 1000;
  start(options);
  Wire w = wire();
  std::string bytes = "GET /echo HTTP/1.1\r\n";
  for (int i = 0; i < 200; ++i) bytes += "A: b\r\n";
  for (std::size_t at = 0; at < bytes.size() && w.send(bytes.substr(at, 7)); at += 7) {
  }
  EXPECT_EQ(w.answer().status, 431);
}

TEST_F(LimitsTest, LargeBodyIs413AndReported) {
  Options options;
  options.body_bytes_max = 100'000;
  start(options);
  std::string body(100'001, 'x');
  body.front() = '{';
  EXPECT_EQ(refused(post(body)), "413");
  ASSERT_TRUE(wait_refusals(1));
  const Refusal refusal = refusals()[0];
  EXPECT_EQ(refusal.status, 413);
  EXPECT_EQ(refusal.path, "/echo");
  EXPECT_EQ(refusal.reason, "The body is too large: at most 100000 bytes are taken");
  EXPECT_TRUE(refusal.body == body.substr(0, 100'000));
  EXPECT_TRUE(seen().empty());
}

TEST_F(LimitsTest, LargeBodyIsRefusedBeforeItComes) {
  start();
  Wire w = wire();
  ASSERT_TRUE(w.send(head("Content-Length: 1048577\r\nExpect: 100-continue\r\n")));
  const Answer answer = w.answer();
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.headers.at("Connection"), "close");
  w.finish_sending();
  EXPECT_TRUE(w.ended());
  ASSERT_TRUE(wait_refusals(1));
  EXPECT_EQ(refusals()[0].body, "");
}

TEST_F(LimitsTest, AClientThatSendsMegabytesStillSeesThe413) {
  start();
  Wire w = wire();
  ASSERT_TRUE(w.send(head("Content-Length: 1200000\r\n")));
  for (int i = 0; i < 12; ++i) ASSERT_TRUE(w.send(std::string(100'000, 'x')));
  EXPECT_EQ(w.answer().status, 413);
}

TEST_F(LimitsTest, AClientThatSendsForeverIsCutOff) {
  start();
  Wire w = wire();
  ASSERT_TRUE(w.send(head("Content-Length: 99999999999\r\n")));
  const std::string part(100'000, 'x');
  std::size_t sent = 0;
  while (w.send(part)) sent += part.size();
  EXPECT_LT(sent, 64U * 1024 * 1024);
  expect_alive();
}

TEST_F(LimitsTest, LargeChunkedBodyIs413) {
  Options options;
  options.body_bytes_max = 10;
  start(options);
  EXPECT_EQ(refused(head("Transfer-Encoding: chunked\r\n") + "6\r\n123456\r\n5\r\n12345\r\n0\r\n\r\n"), "413");
  ASSERT_TRUE(wait_refusals(1));
  EXPECT_TRUE(refusals()[0].body.starts_with("123456"));
  Wire w = wire();
  ASSERT_TRUE(w.send(head("Transfer-Encoding: chunked\r\n") + "6\r\n123456\r\n4\r\n1234\r\n0\r\n\r\n"));
  EXPECT_EQ(w.answer().body, "1234561234");
}

TEST_F(LimitsTest, GzipBodies) {
  Options options;
  options.body_bytes_max = 1000;
  start(options);
  Wire w = wire();
  ASSERT_TRUE(w.send(post(gzipped("hel") + gzipped("lo"), "/echo", "Content-Encoding: GZIP\r\n")));
  EXPECT_EQ(w.answer().body, "hello");
  // Refused, but the whole request was read: the connection stays.
  const std::string bomb = gzipped(std::string(100'000, 'a'));
  ASSERT_TRUE(w.send(post(bomb, "/echo", "Content-Encoding: gzip\r\n")));
  EXPECT_EQ(w.answer().status, 413);
  ASSERT_TRUE(w.send(post("not gzip", "/echo", "Content-Encoding: gzip\r\n")));
  EXPECT_EQ(w.answer().status, 400);
  ASSERT_TRUE(w.send(post("odd", "/echo", "Content-Encoding: br\r\n")));
  EXPECT_EQ(w.answer().status, 415);
  ASSERT_TRUE(w.send(post("twice", "/echo", "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n")));
  EXPECT_EQ(w.answer().status, 415);
  const auto told = refusals();
  ASSERT_EQ(told.size(), 4U);
  EXPECT_EQ(told[0].status, 413);
  EXPECT_EQ(told[0].body, bomb);
  EXPECT_EQ(told[1].body, "not gzip");
  EXPECT_EQ(told[2].body, "odd");
}

TEST_F(LimitsTest, OtherExpectationsAre417) {
  start();
  EXPECT_EQ(refused(post("x", "/echo", "Expect: miracles\r\n")), "417");
}

TEST_F(LimitsTest, HalfARequestIs400) {
  start();
  Wire w = wire();
  ASSERT_TRUE(w.send("POST /echo HTTP/1.1\r\nContent-Length: 5\r\n\r\n12"));
  w.finish_sending();
  EXPECT_EQ(w.answer().status, 400);
  EXPECT_TRUE(w.ended());
  EXPECT_TRUE(seen().empty());
}

TEST_F(LimitsTest, ConnectionsAboveTheBoundAreTurnedAway) {
  Options options;
  options.connections_max = 3;
  start(options);
  std::vector<Wire> held;
  for (int i = 0; i < 3; ++i) {
    held.push_back(wire());
    ASSERT_TRUE(held.back().send(post("x")));
    ASSERT_EQ(held.back().answer().status, 200);
  }
  Wire over = wire();
  const Answer answer = over.answer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.headers.at("Retry-After"), "1");
  over.finish_sending();
  EXPECT_TRUE(over.ended());
  EXPECT_EQ(server_->stats().connections_refused, 1U);
  EXPECT_EQ(server_->stats().connections_open, 3U);
  held.pop_back();
  ASSERT_TRUE(wait_until([this] { return server_->stats().connections_open == 2; }));
  expect_alive();
}

TEST_F(LimitsTest, UnfinishedRequestsAreBoundedTogether) {
  Options options;
  options.unfinished_bytes_max = 100'000;
  start(options);
  std::vector<Wire> senders;
  for (int i = 0; i < 3; ++i) {
    senders.push_back(wire());
    ASSERT_TRUE(senders.back().send(head("Content-Length: 50000\r\n") + std::string(40'000, 'x')));
  }
  // One of the three is refused, whichever was the last to be read.
  std::vector<pollfd> waiting;
  for (const auto& sender : senders) waiting.push_back({.fd = sender.native(), .events = POLLIN, .revents = 0});
  ASSERT_EQ(poll(waiting.data(), waiting.size(), 60'000), 1);
  for (std::size_t i = 0; i < senders.size(); ++i) {
    const bool refused_one = waiting[i].revents != 0;
    if (!refused_one) {
      ASSERT_TRUE(senders[i].send(std::string(10'000, 'x')));
    }
    EXPECT_EQ(senders[i].answer().status, refused_one ? 503 : 200);
  }
  expect_alive();
}

TEST_F(LimitsTest, HundredsOfIdleConnectionsDoNotHinder) {
  start();
  std::vector<Wire> idle;
  for (int i = 0; i < 500; ++i) idle.push_back(wire());
  ASSERT_TRUE(wait_until([this] { return server_->stats().connections_open == 500; }));
  expect_alive();
  for (auto& w : idle) ASSERT_TRUE(w.send(post("y")));
  for (auto& w : idle) EXPECT_EQ(w.answer().body, "y");
}

TEST_F(LimitsTest, WaitsWhenFilesRunOut) {
  start();
  std::atomic<int> warnings{0};
  base::log::set_sink([&](std::string_view line) {
    if (line.find("No file descriptor is left") != std::string_view::npos) ++warnings;
  });
  Wire w;  // its own descriptor is had before there are none
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 3;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const bool sent = w.connect_to(server_->port()) && w.send(post("patience"));
  const bool warned = wait_until([&] { return warnings == 1; });
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(sent);
  EXPECT_TRUE(warned);
  EXPECT_EQ(w.answer().body, "patience");
  base::log::set_sink({});
}

TEST_F(LimitsTest, RandomBytesLeaveItUp) {
  Options options;
  options.header_timeout = 1s;
  start(options);
  constexpr unsigned kSeed = 20261123;
  std::mt19937 random(kSeed);  // NOLINT: the same bytes each time
  const std::string parts[] = {"POST /echo HTTP/1.1\r\n",
                               "Content-Length: 3\r\n",
                               "\r\n",
                               "abc",
                               "\r\n\r\n",
                               "Transfer-Encoding: chunked\r\n",
                               "5\r\nabcde\r\n",
                               "0\r\n\r\n",
                               "GET /echo? HTTP/1.0\r\n",
                               "Content-Encoding: gzip\r\n",
                               "Expect: 100-continue\r\n",
                               ";x=\"",
                               " \t",
                               "\r",
                               "\n"};
  for (int i = 0; i < 400; ++i) {
    std::string bytes;
    while (random() % 12 != 0) {
      if (random() % 4 == 0) {
        bytes += static_cast<char>(random());
      } else {
        bytes += parts[random() % std::size(parts)];
      }
    }
    Wire w = wire();
    ASSERT_TRUE(w.connected()) << "seed " << kSeed << " round " << i;
    w.send(bytes);
    w.finish_sending();
    ASSERT_TRUE(w.rest().has_value()) << "seed " << kSeed << " round " << i;
  }
  expect_alive();
}

}  // namespace
}  // namespace twinshift::http::testing
