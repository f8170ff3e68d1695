// HTTPS: handshakes, bodies of many records, and clients that do not behave.
#include "http/tls_context.hpp"
#include "http/tls_wire_testing.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/temporary_folder.hpp"

namespace twinshift::http::testing {
namespace {

class TlsTest : public ServerTest {
 protected:
  ~TlsTest() override { server_.reset(); }  // before the folder: its context looks there

  void start_tls(Options options = {}) {
    const auto files = tests::write_certificate(folder_.path(), "server");
    auto opened = TlsContext::open({files.certificate, files.key});
    ASSERT_TRUE(opened) << opened.error().text();
    options.tls = *opened;
    start(std::move(options));
  }
  TlsWire tls(TlsOffer offer = {}) { return TlsWire(server_->port(), offer); }
  bool wait_failed_handshakes(std::uint64_t count) {
    return wait_until([&] { return server_->stats().tls_handshakes_failed == count; });
  }
  void expect_alive_by_tls() {
    TlsWire w = tls();
    ASSERT_TRUE(w.shaken());
    ASSERT_TRUE(w.send(post("alive")));
    EXPECT_EQ(w.answer().body, "alive");
  }

  tests::TemporaryFolder folder_;
};

// A ClientHello's first bytes: a record of 512 bytes is said to follow.
constexpr std::string_view kHelloBegins("\x16\x03\x01\x02\x00\x01", 6);

TEST_F(TlsTest, Speaks12And13) {
  start_tls();
  for (const auto& [version, name] : {std::pair(TLS1_2_VERSION, "TLSv1.2"), std::pair(TLS1_3_VERSION, "TLSv1.3")}) {
    TlsWire w = tls({.lowest = version, .highest = version});
    ASSERT_TRUE(w.shaken()) << name;
    EXPECT_EQ(w.version(), name);
    ASSERT_TRUE(w.send(post("one") + post("two")));
    EXPECT_EQ(w.answer().body, "one");
    EXPECT_EQ(w.answer().body, "two");
  }
  EXPECT_EQ(server_->stats().tls_handshakes_failed, 0U);
}

TEST_F(TlsTest, OlderVersionsAreRefusedByTheServer) {
  start_tls();
  const TlsWire w = tls({.lowest = TLS1_VERSION, .highest = TLS1_1_VERSION});
  EXPECT_FALSE(w.shaken());
  EXPECT_EQ(w.reason(), SSL_R_TLSV1_ALERT_PROTOCOL_VERSION) << "the alert of the server, not the client's own refusal";
  EXPECT_TRUE(wait_failed_handshakes(1));
  expect_alive_by_tls();
}

TEST_F(TlsTest, PlainHttpIsToldWhatThePortSpeaks) {
  start_tls();
  Wire w = wire();
  ASSERT_TRUE(w.send(post("a secret", "/echo", "Authorization: secret\r\n")));
  const Answer answer = w.answer();
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("https://"), std::string::npos) << answer.body;
  EXPECT_EQ(answer.headers.at("Connection"), "close");
  w.finish_sending();
  EXPECT_TRUE(w.ended());
  EXPECT_TRUE(wait_failed_handshakes(1));
  EXPECT_TRUE(seen().empty());
}

TEST_F(TlsTest, AHandshakeThatStopsHalfwayIsCutOff) {
  Options options;
  options.header_timeout = 100ms;
  start_tls(options);
  Wire silent = wire();
  Wire half = wire();
  ASSERT_TRUE(half.send(kHelloBegins));
  EXPECT_TRUE(silent.ended());
  EXPECT_TRUE(half.ended());
  EXPECT_TRUE(wait_failed_handshakes(2));
  EXPECT_EQ(server_->stats().timeouts, 2U);
  EXPECT_TRUE(wait_until([&] { return server_->stats().connections_open == 0; }));
  expect_alive_by_tls();
}

TEST_F(TlsTest, OneThatGoesAwayOrTalksNonsenseLeavesNothingBehind) {
  start_tls();
  Wire gone = wire();
  ASSERT_TRUE(gone.send(kHelloBegins));
  gone.reset();
  Wire nonsense = wire();
  ASSERT_TRUE(nonsense.send(std::string(100, '\xff')));
  EXPECT_TRUE(nonsense.rest());
  EXPECT_TRUE(wait_failed_handshakes(2));
  EXPECT_TRUE(wait_until([&] { return server_->stats().connections_open == 0; }));
  expect_alive_by_tls();
}

TEST_F(TlsTest, BodiesOfManyRecordsGoBothWays) {
  Options options;
  options.body_bytes_max = 8 * 1024 * 1024;
  start_tls(options);
  TlsWire w = tls();
  const std::string large(5 * 1024 * 1024 + 17, 'x');
  ASSERT_TRUE(w.send(post(large)));
  EXPECT_EQ(w.answer().body, large);
  // More than any socket's buffer takes: the server waits half-way in a record.
  ASSERT_TRUE(w.send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_EQ(w.answer().body.size(), 32U * 1024 * 1024);
  ASSERT_TRUE(w.send(post("after")));
  EXPECT_EQ(w.answer().body, "after");
}

TEST_F(TlsTest, AClientMayAskBeforeItSends) {
  start_tls();
  TlsWire w = tls();
  ASSERT_TRUE(w.send("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"));
  EXPECT_EQ(w.answer(true).status, 100);
  ASSERT_TRUE(w.send("abc"));
  EXPECT_EQ(w.answer().body, "abc");
}

TEST_F(TlsTest, TheEndIsSaid) {
  start_tls();
  TlsWire w = tls();
  ASSERT_TRUE(w.send(post("x", "/echo", "Connection: close\r\n")));
  EXPECT_EQ(w.answer().body, "x");
  EXPECT_TRUE(w.ended());
  EXPECT_TRUE(w.end_was_said());
}

TEST_F(TlsTest, WhatIsTooLargeIsAnsweredBeforeTheEnd) {
  Options options;
  options.body_bytes_max = 1024;
  start_tls(options);
  TlsWire w = tls();
  ASSERT_TRUE(w.send(post(std::string(100'000, 'x'))));
  EXPECT_EQ(w.answer().status, 413);
  EXPECT_TRUE(w.ended());
  EXPECT_TRUE(w.end_was_said());
}

TEST_F(TlsTest, AClientThatLeavesDuringItsAnswerIsNoHarm) {
  start_tls();
  {
    TlsWire w = tls();
    ASSERT_TRUE(w.send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n"));
    ASSERT_TRUE(wait_until([&] { return server_->stats().requests == 1; }));
  }
  EXPECT_TRUE(wait_until([&] { return server_->stats().connections_open == 0; }));
  expect_alive_by_tls();
}

TEST_F(TlsTest, AnswersFromOtherThreadsArriveAndAStopEndsIt) {
  start_tls();
  TlsWire w = tls();
  ASSERT_TRUE(w.send(post("later", "/later")));
  ASSERT_TRUE(wait_later(1));
  auto waiting = take_later();
  std::thread answers([&] { waiting[0].second.send(plain("at last")); });
  EXPECT_EQ(w.answer().body, "at last");
  answers.join();
  TlsWire idle = tls();
  Wire shaking = wire();
  ASSERT_TRUE(wait_until([&] { return server_->stats().connections_open == 3; }));
  server_->drain(kPatience);
  EXPECT_EQ(server_->stats().connections_open, 0U);
  EXPECT_TRUE(w.ended());
  EXPECT_TRUE(idle.ended());
  EXPECT_TRUE(shaking.ended());
}

TEST_F(TlsTest, BeyondTheConnectionsThatThereMayBeOneIsClosedAtOnce) {
  Options options;
  options.connections_max = 1;
  start_tls(options);
  const TlsWire held = tls();
  ASSERT_TRUE(held.shaken());
  const TlsWire other = tls();
  EXPECT_FALSE(other.shaken());
  EXPECT_TRUE(wait_until([&] { return server_->stats().connections_refused == 1; }));
}

}  // namespace
}  // namespace twinshift::http::testing
