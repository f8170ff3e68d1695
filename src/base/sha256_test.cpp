#include "base/sha256.hpp"

#include <array>
#include <future>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace twinshift::base {
namespace {

struct Vector {
  std::string text;
  std::string_view sum;
};

// FIPS 180-2, appendix B, and the examples that NIST gives beside FIPS 180-4: none, one, two blocks, many.
std::vector<Vector> published() {
  return {{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
          {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
          {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
           "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
          {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnop"
           "qrstu",
           "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
          {std::string(1'000'000, 'a'), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"}};
}

TEST(Sha256, OfATextAtOnce) {
  for (const Vector& each : published()) EXPECT_EQ(to_hex(sha256(each.text)), each.sum);
}

TEST(Sha256, OfPiecesHoweverTheyAreCut) {
  Sha256 digest;
  for (const Vector& each : published()) {
    for (const std::size_t size : {std::size_t{1}, std::size_t{63}, std::size_t{64}, std::size_t{1'000}}) {
      for (std::size_t at = 0; at < each.text.size(); at += size) {
        digest.add(std::string_view(each.text).substr(at, size));
      }
      EXPECT_EQ(to_hex(digest.finish()), each.sum) << "in pieces of " << size;
    }
  }
}

TEST(Sha256, OfTwoTexts) {
  EXPECT_EQ(sha256("ab", "c"), sha256("abc"));
  EXPECT_EQ(sha256("", "abc"), sha256("abc"));
  EXPECT_NE(sha256("ab"), sha256("abc"));
}

TEST(Sha256, TwoThatAreUnderWayDoNotMeet) {
  Sha256 one;
  Sha256 other;
  one.add("a");
  other.add("x");
  EXPECT_EQ(sha256("abc"), std::async(std::launch::async, [] { return sha256("abc"); }).get());
  one.add("bc");
  EXPECT_EQ(one.finish(), sha256("abc"));
  EXPECT_EQ(other.finish(), sha256("x"));
}

}  // namespace
}  // namespace twinshift::base
