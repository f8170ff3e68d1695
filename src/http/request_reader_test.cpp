#include "http/request_reader.hpp"

#include <random>

#include <gtest/gtest.h>

#include "http/target.hpp"

namespace twinshift::http {
namespace {

using Step = RequestReader::Step;

const KeptHeaders kKept({"x-kept"});
const RequestReader::Limits kLimits{1000, 5000, kKept};

std::pair<std::string, std::string> split(std::string_view target) {
  std::pair<std::string, std::string> out;
  split_target(target, out.first, out.second);
  return out;
}

using Parts = std::pair<std::string, std::string>;

TEST(Target, IsCutIntoPathAndQuery) {
  EXPECT_EQ(split("/"), Parts("/", ""));
  EXPECT_EQ(split("/a/b"), Parts("/a/b", ""));
  EXPECT_EQ(split("/a/b/"), Parts("/a/b", ""));
  EXPECT_EQ(split("/a/b//"), Parts("/a/b/", ""));
  EXPECT_EQ(split("//"), Parts("/", ""));
  EXPECT_EQ(split("/a?"), Parts("/a", ""));
  EXPECT_EQ(split("/a/?b=/c/?d"), Parts("/a", "b=/c/?d"));
  EXPECT_EQ(split("/%2F%61"), Parts("/%2F%61", ""));
  EXPECT_EQ(split("http://host:1/a/?b"), Parts("/a", "b"));
  EXPECT_EQ(split("HTTP://host"), Parts("/", ""));
  EXPECT_EQ(split("http://host?b"), Parts("/", "b"));
  EXPECT_EQ(split("/a?u=http://x/"), Parts("/a", "u=http://x/"));
  EXPECT_EQ(split("*"), Parts("*", ""));
  EXPECT_EQ(split("host:443"), Parts("host:443", ""));
}

// Feeds `bytes` in pieces of `piece` bytes, as a session does; returns the last step and what is left unused.
std::pair<Step, std::string> feed(RequestReader& reader, std::string_view bytes, std::size_t piece) {
  std::string pending;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    pending.append(bytes.substr(at, piece));
    while (!pending.empty()) {
      const auto progress = reader.feed(pending);
      pending.erase(0, progress.used);
      if (progress.step != Step::need_more) {
        return {progress.step, pending + std::string(bytes.substr(std::min(bytes.size(), at + piece)))};
      }
      if (progress.used == 0) break;
    }
  }
  return {Step::need_more, pending};
}

TEST(RequestReader, ReadsTheSameInPiecesOfAnySize) {
  const std::string with_length =
      "POST /p/?q HTTP/1.1\r\nHost: h\r\nX-Kept: v\r\nContent-Encoding: GZip\r\nContent-Length: 5\r\n\r\nhello";
  const std::string chunked =
      "POST /p/?q HTTP/1.1\r\nX-Kept: v\r\nContent-Encoding: GZip\r\nTransfer-Encoding: chunked\r\n\r\n"
      "2;a=b\r\nhe\r\n3\r\nllo\r\n0\r\nX-Kept: trailer\r\n\r\n";
  for (const auto& message : {with_length, chunked}) {
    for (std::size_t piece = 1; piece <= message.size() + 4; ++piece) {
      RequestReader reader(kLimits);
      const auto [step, left] = feed(reader, message + "NEXT", piece);
      ASSERT_EQ(step, Step::complete) << piece;
      EXPECT_EQ(left, "NEXT");
      EXPECT_EQ(reader.request().method, "POST");
      EXPECT_EQ(reader.request().path, "/p");
      EXPECT_EQ(reader.request().query, "q");
      EXPECT_EQ(reader.request().body, "hello");
      EXPECT_EQ(reader.content_encoding(), "gzip");
      ASSERT_EQ(reader.request().headers.size(), 1U);
      EXPECT_EQ(reader.request().headers[0], Parts("x-kept", "v"));
      EXPECT_TRUE(reader.keep_alive());
    }
  }
}

TEST(RequestReader, RefusalsDoNotDependOnPieces) {
  const std::string large_head = "GET / HTTP/1.1\r\nA: " + std::string(2000, 'a') + "\r\n\r\n";
  const std::string large_body = "POST / HTTP/1.1\r\nContent-Length: 5001\r\n\r\n" + std::string(10, 'a');
  const std::string broken = "GET / HTTP/1.1\r\nA b\r\n\r\n";
  for (std::size_t piece : {1U, 2U, 3U, 7U, 100U, 10'000U}) {
    RequestReader a(kLimits);
    EXPECT_EQ(feed(a, large_head, piece).first, Step::refused);
    EXPECT_EQ(a.fault().status, 431) << piece;
    RequestReader b(kLimits);
    EXPECT_EQ(feed(b, large_body, piece), (std::pair<Step, std::string>(Step::refused, std::string(10, 'a'))));
    EXPECT_EQ(b.fault().status, 413) << piece;
    EXPECT_TRUE(b.fault().body_follows);
    RequestReader c(kLimits);
    EXPECT_EQ(feed(c, broken, piece).first, Step::refused);
    EXPECT_EQ(c.fault().status, 400) << piece;
    EXPECT_EQ(c.fault().text, "Malformed request: one of its header lines is malformed");
  }
}

TEST(RequestReader, StartsAnewAfterReset) {
  RequestReader reader(kLimits);
  for (int i = 0; i < 3; ++i) {
    const std::string body = "body " + std::to_string(i);
    const auto [step, left] = feed(reader, "POST / HTTP/1.1\r\nContent-Length: 6\r\n\r\n" + body, 1000);
    ASSERT_EQ(step, Step::complete);
    EXPECT_EQ(reader.request().body, body);
    reader.reset();
    EXPECT_EQ(feed(reader, "BAD\r\n\r\n", 1000).first, Step::refused);
    EXPECT_EQ(reader.fault().status, 400);
    reader.reset();
    EXPECT_FALSE(reader.head_done());
  }
}

TEST(RequestReader, KnowsWhetherTheConnectionStays) {
  const auto stays = [](std::string_view head) {
    RequestReader reader(kLimits);
    EXPECT_EQ(feed(reader, std::string(head) + "\r\n", 1000).first, Step::complete) << head;
    return reader.keep_alive();
  };
  EXPECT_TRUE(stays("GET / HTTP/1.1\r\n"));
  EXPECT_FALSE(stays("GET / HTTP/1.1\r\nConnection: close\r\n"));
  EXPECT_FALSE(stays("GET / HTTP/1.1\r\nConnection: x, Close\r\n"));
  EXPECT_FALSE(stays("GET / HTTP/1.0\r\n"));
  EXPECT_TRUE(stays("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n"));
}

TEST(RequestReader, TakesAnyBytes) {
  std::mt19937 random(7);  // NOLINT: the same bytes each time
  const std::string good = "POST /a HTTP/1.1\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = good;
    for (int flips = 0; flips < 2; ++flips) bytes[random() % bytes.size()] = static_cast<char>(random());
    RequestReader reader(kLimits);
    const auto [step, left] = feed(reader, bytes, 1 + random() % bytes.size());
    EXPECT_EQ(step == Step::refused, reader.fault().status != 0);
    EXPECT_LE(reader.request().body.size(), kLimits.body_bytes_max);
  }
}

}  // namespace
}  // namespace twinshift::http
