#include "http/client.hpp"

#include <thread>

#include "http/wire_testing.hpp"

namespace twinshift::http::testing {
namespace {

TEST(Url, Parses) {
  const auto check = [](std::string_view text, std::string_view host, std::uint16_t port, std::string_view path) {
    const auto url = parse_url(text);
    ASSERT_TRUE(url) << text;
    EXPECT_EQ(url->host, host) << text;
    EXPECT_EQ(url->port, port) << text;
    EXPECT_EQ(url->path, path) << text;
  };
  check("http://localhost:3000/webhook/appsflyer", "localhost", 3000, "/webhook/appsflyer");
  check("http://h", "h", 80, "/");
  check("http://h/", "h", 80, "/");
  check("http://h?a=b", "h", 80, "/?a=b");
  check("http://h:65535/p?a=b#part", "h", 65535, "/p?a=b");
  check("http://[::1]:8080/x", "::1", 8080, "/x");
  check("http://[::1]", "::1", 80, "/");
}

TEST(Url, RefusesOthersWithoutRepeatingThem) {
  for (const char* text : {"", "localhost:3000", "ftp://secret", "http://", "http://:3000", "http://h:0",
                           "http://h:65536", "http://h:", "http://h:3x", "http://secret@h/", "http://[::1",
                           "http://[::1]secret", "http://h/a b", "http://h/\r\nA: b"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().kind, base::ErrorKind::invalid) << text;
    EXPECT_EQ(url.error().text().find("secret"), std::string::npos) << text;
  }
  EXPECT_NE(parse_url("https://h/").error().text().find("https is not spoken here"), std::string::npos);
}

class ClientTest : public ServerTest {
 protected:
  Client connected(std::chrono::milliseconds timeout = kPatience) {
    auto client = Client::connect("127.0.0.1", server_->port(), timeout);
    if (!client) throw std::runtime_error(client.error().text());
    return std::move(*client);
  }
};

TEST_F(ClientTest, KeepsItsConnection) {
  start();
  Client client = connected();
  for (int i = 0; i < 3; ++i) {
    const auto answer = client.request("POST", "/echo", "hello", {{"Content-Type", "application/json"}});
    ASSERT_TRUE(answer) << answer.error().text();
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "hello");
    EXPECT_EQ(answer->header("content-type"), "application/json; charset=utf-8");
  }
  EXPECT_EQ(client.request("HEAD", "/echo?12345")->header("content-length"), "5");
  EXPECT_EQ(client.request("GET", "/echo?12345")->body, "12345");
  EXPECT_EQ(client.request("POST", "/nowhere")->status, 404);
  EXPECT_EQ(server_->stats().connections_open, 1U);
}

TEST_F(ClientTest, SeesTheRefusalOfALargeBody) {
  start();
  Client client = connected();
  const auto answer = client.request("POST", "/echo", std::string(1'200'000, 'x'));
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->status, 413);
  EXPECT_FALSE(client.usable());
  EXPECT_EQ(client.request("GET", "/echo").error().kind, base::ErrorKind::unavailable);
}

TEST_F(ClientTest, SaysWhenNothingListens) {
  start();
  const std::uint16_t port = server_->port();
  server_.reset();
  const auto client = Client::connect("127.0.0.1", port, 5s);
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().kind, base::ErrorKind::unavailable);
}

TEST_F(ClientTest, GivesUpInTime) {
  start();
  Client client = connected(50ms);
  const auto answer = client.request("POST", "/later", "x");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, base::ErrorKind::unknown_outcome);
  EXPECT_NE(answer.error().text().find("in time"), std::string::npos);
  EXPECT_FALSE(client.usable());
}

TEST_F(ClientTest, BoundsTheAnswer) {
  start();
  Client client = connected();
  const auto answer = client.request("GET", "/big");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, base::ErrorKind::invalid);
}

TEST_F(ClientTest, LostConnectionIsAnUnknownOutcome) {
  start();
  Client client = connected();
  std::thread stopper([this] {
    wait_later(1);
    server_.reset();
  });
  const auto answer = client.request("POST", "/later", "x");
  stopper.join();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, base::ErrorKind::unknown_outcome);
}

// A server that answers any one request with fixed bytes and closes.
class CannedServer {
 public:
  explicit CannedServer(std::string bytes) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(fd_, any, size), 0);
    EXPECT_EQ(listen(fd_, 1), 0);
    EXPECT_EQ(getsockname(fd_, any, &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, bytes = std::move(bytes)] {
      const int client = accept(fd_, nullptr, nullptr);
      char buffer[4096];
      EXPECT_GT(recv(client, buffer, sizeof buffer, 0), 0);
      EXPECT_EQ(send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
      close(client);
    });
  }
  ~CannedServer() {
    thread_.join();
    close(fd_);
  }
  CannedServer(const CannedServer&) = delete;
  CannedServer& operator=(const CannedServer&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  int fd_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

base::Result<ClientResponse> answer_to(const std::string& bytes) {
  const CannedServer server(bytes);
  auto client = Client::connect("127.0.0.1", server.port(), kPatience);
  if (!client) return base::fail(client.error());
  return client->request("GET", "/");
}

TEST(ClientParsing, ReadsEveryKindOfBody) {
  EXPECT_EQ(answer_to("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcd")->body, "abc");
  EXPECT_EQ(answer_to("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length:3\r\n\r\nabc")->body, "abc");
  EXPECT_EQ(answer_to("HTTP/1.0 200\r\nA: b\r\n\r\nuntil the end")->body, "until the end");
  EXPECT_EQ(answer_to("HTTP/1.1 204 No Content\r\n\r\n")->status, 204);
  EXPECT_EQ(answer_to("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: "
                      "1\r\n\r\n")
                ->body,
            "abc0123456789");
}

TEST(ClientParsing, RefusesWhatIsNotHttp) {
  EXPECT_EQ(answer_to("SSH-2.0-server\r\n\r\n").error().kind, base::ErrorKind::invalid);
  EXPECT_EQ(answer_to("HTTP/1.1 2x0 OK\r\n\r\n").error().kind, base::ErrorKind::invalid);
  EXPECT_EQ(answer_to("HTTP/1.1 200 OK\r\nno colon\r\n\r\n").error().kind, base::ErrorKind::invalid);
  EXPECT_EQ(answer_to("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n").error().kind, base::ErrorKind::invalid);
  EXPECT_EQ(answer_to("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n").error().kind, base::ErrorKind::invalid);
  EXPECT_EQ(answer_to("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n").error().kind,
            base::ErrorKind::invalid);
  EXPECT_EQ(answer_to("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab").error().kind, base::ErrorKind::unknown_outcome);
  EXPECT_EQ(answer_to("").error().kind, base::ErrorKind::unknown_outcome);
  EXPECT_EQ(answer_to("HTTP/1.1 200 OK\r\nA: " + std::string(kResponseHeadBytesMax + 20'000, 'a')).error().kind,
            base::ErrorKind::invalid);
}

}  // namespace
}  // namespace twinshift::http::testing
