// Answers that go on: messages as they come, and clients that do not take them.
#include "http/wire_testing.hpp"

namespace twinshift::http::testing {
namespace {

std::shared_ptr<const std::string> message(const std::string& text) {
  return std::make_shared<const std::string>(text);
}

class StreamTest : public ServerTest {
 protected:
  // The stream that answers the request which `w` sends.
  std::shared_ptr<Stream> stream_to(Wire& w) {
    EXPECT_TRUE(w.send("POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"));
    EXPECT_TRUE(wait_later(1));
    auto taken = take_later();
    Response head;
    head.content_type = "text/event-stream";
    head.body = "begin;";
    return taken.at(0).second.stream(std::move(head));
  }
  static bool read_until(Wire& w, const std::string& wanted) {
    std::string text;
    std::array<char, 4096> buffer{};
    while (text.find(wanted) == std::string::npos) {
      pollfd entry{.fd = w.native(), .events = POLLIN, .revents = 0};
      if (poll(&entry, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())) != 1) return false;
      const ssize_t count = recv(w.native(), buffer.data(), buffer.size(), 0);
      if (count <= 0) return false;
      text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return true;
  }
};

TEST_F(StreamTest, MessagesArriveAsTheyArePushedAndTheAnswerHasNoLength) {
  start({});
  Wire w = wire();
  const auto stream = stream_to(w);
  ASSERT_TRUE(read_until(w, "begin;"));
  stream->push(message("one;"));
  ASSERT_TRUE(read_until(w, "one;"));
  stream->push(message("two;"));
  ASSERT_TRUE(read_until(w, "two;"));
  EXPECT_FALSE(stream->closed());
  w.reset();
  EXPECT_TRUE(wait_until([&] { return stream->closed(); }));
  stream->push(message("nobody"));
  expect_alive();
}

TEST_F(StreamTest, AClientThatReadsNothingIsCutOffAndTheNewestAloneWaitsForIt) {
  Options options;
  options.write_timeout = 200ms;
  start(options);
  Wire w(server_->port(), 4096);
  const auto stream = stream_to(w);
  const auto large = message(std::string(4U << 20U, 'x'));
  stream->push(large);
  for (int i = 0; i < 10'000 && !stream->closed(); ++i) stream->push(large);
  EXPECT_TRUE(wait_until([&] { return stream->closed(); }));
  EXPECT_EQ(server_->stats().timeouts, 1U);
  expect_alive();
}

TEST_F(StreamTest, AQuietStreamOutlivesTheLimitsOfRequests) {
  Options options;
  options.keep_alive_idle = options.header_timeout = options.body_timeout = options.write_timeout = 50ms;
  start(options);
  Wire quiet = wire();
  const auto stream = stream_to(quiet);
  Wire idle = wire();
  EXPECT_TRUE(idle.ended()) << "by then the limits are over";
  stream->push(message("late;"));
  EXPECT_TRUE(read_until(quiet, "late;"));
}

TEST_F(StreamTest, AStopEndsIt) {
  start({});
  Wire w = wire();
  const auto stream = stream_to(w);
  ASSERT_TRUE(read_until(w, "begin;"));
  server_->drain(kPatience);
  EXPECT_TRUE(stream->closed());
  EXPECT_TRUE(w.ended());
}

}  // namespace
}  // namespace twinshift::http::testing
