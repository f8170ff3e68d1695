#include "http/gzip.hpp"

#include <random>

#include <gtest/gtest.h>

#include "http/gzip_testing.hpp"

namespace twinshift::http::testing {
namespace {

constexpr std::size_t kLimit = 100'000;

// The decoded body, or the status of the fault; then the body must be as it was.
std::string decoded(std::string_view encoding, std::string body) {
  const std::string before = body;
  if (const auto fault = decode_body(encoding, body, kLimit)) {
    EXPECT_EQ(body, before);
    return "status " + std::to_string(fault->status);
  }
  return body;
}

TEST(Gzip, NoEncodingLeavesTheBody) {
  EXPECT_EQ(decoded("", "abc"), "abc");
  EXPECT_EQ(decoded("identity", "abc"), "abc");
}

TEST(Gzip, UnknownEncodingsAre415) {
  for (const char* encoding : {"br", "deflate", "gzip, gzip", "gzip,br", "*"}) {
    EXPECT_EQ(decoded(encoding, "abc"), "status 415") << encoding;
  }
}

TEST(Gzip, Inflates) {
  EXPECT_EQ(decoded("gzip", gzipped("hello")), "hello");
  EXPECT_EQ(decoded("x-gzip", gzipped("hello")), "hello");
  EXPECT_EQ(decoded("gzip", gzipped("")), "");
}

TEST(Gzip, InflatesEverySize) {
  std::mt19937 random(1);  // NOLINT: the same bytes each time
  for (std::size_t size : {1U, 8191U, 8192U, 8193U, 16384U, 99'999U, 100'000U}) {
    std::string text(size, ' ');
    for (char& c : text) c = static_cast<char>(random());
    EXPECT_TRUE(decoded("gzip", gzipped(text)) == text) << size;
  }
}

TEST(Gzip, TooLargeIs413AtTheByte) {
  EXPECT_EQ(decoded("gzip", gzipped(std::string(kLimit, 'a'))).size(), kLimit);
  EXPECT_EQ(decoded("gzip", gzipped(std::string(kLimit + 1, 'a'))), "status 413");
  EXPECT_EQ(decoded("gzip", gzipped(std::string(50'000'000, 'a'))), "status 413");
  EXPECT_EQ(decoded("gzip", gzipped(std::string(60'000, 'a')) + gzipped(std::string(60'000, 'b'))), "status 413");
}

TEST(Gzip, JoinsMembers) {
  EXPECT_EQ(decoded("gzip", gzipped("one ") + gzipped("") + gzipped("two")), "one two");
}

TEST(Gzip, BrokenIs400) {
  const std::string good = gzipped("some text that is compressed");
  EXPECT_EQ(decoded("gzip", ""), "status 400");
  EXPECT_EQ(decoded("gzip", R"({"a":1})"), "status 400");
  EXPECT_EQ(decoded("gzip", good + "trailing"), "status 400");
  EXPECT_EQ(decoded("gzip", good + std::string(1, '\0')), "status 400");
  EXPECT_EQ(decoded("gzip", good + good.substr(0, 5)), "status 400");
  for (std::size_t cut = 1; cut < good.size(); ++cut) {
    EXPECT_EQ(decoded("gzip", good.substr(0, cut)), "status 400") << cut;
  }
  std::string wrong_sum = good;
  wrong_sum[good.size() - 6] = static_cast<char>(wrong_sum[good.size() - 6] ^ 1);
  EXPECT_EQ(decoded("gzip", wrong_sum), "status 400");
}

TEST(Gzip, TakesAnyBytes) {
  std::mt19937 random(2);  // NOLINT: the same bytes each time
  for (int i = 0; i < 2000; ++i) {
    std::string bytes = gzipped("x" + std::to_string(i));
    for (int flips = 0; flips < 3; ++flips) bytes[random() % bytes.size()] = static_cast<char>(random());
    const std::string out = decoded("gzip", bytes);
    EXPECT_LE(out.size(), kLimit);
  }
}

}  // namespace
}  // namespace twinshift::http::testing
