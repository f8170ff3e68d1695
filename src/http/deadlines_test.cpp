// Slow clients. Limits are short here, and each test waits for the event, not for the time.
#include "http/wire_testing.hpp"

namespace twinshift::http::testing {
namespace {

class DeadlinesTest : public ServerTest {
 protected:
  // Sends `bytes` one by one, slowly, until the server answers or ends the connection.
  Answer trickle(Wire& w, const std::string& bytes) {
    for (const char c : bytes) {
      pollfd entry{.fd = w.native(), .events = POLLIN, .revents = 0};
      if (poll(&entry, 1, 5) != 0 || !w.send(std::string_view(&c, 1))) break;
    }
    return w.answer();
  }
};

TEST_F(DeadlinesTest, IdleConnectionIsClosed) {
  Options options;
  options.keep_alive_idle = 50ms;
  start(options);
  Wire fresh = wire();
  EXPECT_TRUE(fresh.ended());
  Wire used = wire();
  ASSERT_TRUE(used.send(post("x")));
  EXPECT_EQ(used.answer().body, "x");
  EXPECT_TRUE(used.ended());
  EXPECT_EQ(server_->stats().timeouts, 0U);
}

TEST_F(DeadlinesTest, LineBreaksDoNotKeepAConnection) {
  Options options;
  options.keep_alive_idle = 100ms;
  start(options);
  Wire w = wire();
  EXPECT_EQ(trickle(w,
                    [] {
                      std::string breaks;
                      for (int i = 0; i < 5000; ++i) breaks += "\r\n";
                      return breaks;
                    }())
                .status,
            0);
}

TEST_F(DeadlinesTest, SlowHeadIs408) {
  Options options;
  options.header_timeout = 100ms;
  start(options);
  Wire w = wire();
  const Answer answer = trickle(w, "GET /echo HTTP/1.1\r\nA: " + std::string(5000, 'a'));
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(answer.headers.at("Connection"), "close");
  w.finish_sending();
  EXPECT_TRUE(w.ended());
  EXPECT_EQ(server_->stats().timeouts, 1U);
}

TEST_F(DeadlinesTest, SlowBodyIs408) {
  Options options;
  options.body_timeout = 100ms;
  start(options);
  Wire w = wire();
  ASSERT_TRUE(w.send("POST /echo HTTP/1.1\r\nContent-Length: 10000\r\n\r\n"));
  EXPECT_EQ(trickle(w, std::string(9000, 'a')).status, 408);
  Wire silent = wire();
  ASSERT_TRUE(silent.send("POST /echo HTTP/1.1\r\nContent-Length: 10000\r\n\r\n"));
  EXPECT_EQ(silent.answer().status, 408);
  EXPECT_TRUE(seen().empty());
}

TEST_F(DeadlinesTest, OthersAreServedMeanwhile) {
  start();
  Wire slow = wire();
  ASSERT_TRUE(slow.send("POST /echo HTTP/1.1\r\nContent-Le"));
  expect_alive();
  ASSERT_TRUE(slow.send("ngth: 2\r\n\r\no"));
  expect_alive();
  ASSERT_TRUE(slow.send("k"));
  EXPECT_EQ(slow.answer().body, "ok");
}

TEST_F(DeadlinesTest, RequestUnderWayHasNoDeadline) {
  Options options;
  options.keep_alive_idle = options.header_timeout = options.body_timeout = options.write_timeout = 20ms;
  start(options);
  Wire w = wire();
  ASSERT_TRUE(w.send(post("x", "/later")));
  ASSERT_TRUE(wait_later(1));
  Wire other = wire();  // opened later, and gone by its idle limit, while the first still waits
  EXPECT_TRUE(other.ended());
  take_later()[0].second.send(plain("patience"));
  EXPECT_EQ(w.answer().body, "patience");
}

TEST_F(DeadlinesTest, ClientThatDoesNotReadIsCutOff) {
  Options options;
  options.write_timeout = 100ms;
  start(options);
  Wire w(server_->port(), 4096);
  ASSERT_TRUE(w.send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_TRUE(wait_until([this] { return server_->stats().timeouts == 1; }));
  EXPECT_TRUE(wait_until([this] { return server_->stats().connections_open == 0; }));
}

TEST_F(DeadlinesTest, LargeAnswerReachesASlowReader) {
  start();
  Wire w(server_->port(), 4096);
  ASSERT_TRUE(w.send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n" + post("next")));
  EXPECT_EQ(w.answer().body.size(), 32U * 1024 * 1024);
  EXPECT_EQ(w.answer().body, "next");
}

TEST_F(DeadlinesTest, RefusedClientThatStaysIsCutOff) {
  start();
  Wire w = wire();
  ASSERT_TRUE(w.send("nonsense\r\n\r\n"));
  EXPECT_EQ(w.answer().status, 400);
  EXPECT_TRUE(wait_until([this] { return server_->stats().connections_open == 0; }));
}

}  // namespace
}  // namespace twinshift::http::testing
