#include "event/text_repair.hpp"

#include <gtest/gtest.h>

namespace twinshift::event {
namespace {

using namespace std::string_view_literals;

TEST(TextRepair, StorableTexts) {
  for (const std::string_view text : {""sv, "abc"sv, "\x01\x7f"sv, "é"sv, "東京"sv, "😀"sv, "\xEF\xBF\xBD"sv,
                                      "\xF4\x8F\xBF\xBF"sv, "\xED\x9F\xBF"sv, "\xE0\xA0\x80"sv}) {
    EXPECT_TRUE(is_storable(text));
    EXPECT_EQ(make_storable(text), text);
  }
}

TEST(TextRepair, ReplacesWhatDatabasesRefuse) {
  constexpr std::string_view kMark = "\xEF\xBF\xBD";
  const auto marks = [&](int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += kMark;
    return text;
  };
  EXPECT_EQ(make_storable("\0"sv), marks(1));
  EXPECT_EQ(make_storable("a\0b"sv), "a" + marks(1) + "b");
  EXPECT_EQ(make_storable("\xED\xA0\x80"sv), marks(1)) << "a lone surrogate is one character";
  EXPECT_EQ(make_storable("x\xED\xBF\xBFy"sv), "x" + marks(1) + "y");
  EXPECT_EQ(make_storable("\xED\xA0"sv), marks(2));
  EXPECT_EQ(make_storable("\xC0\x80"sv), marks(2)) << "overlong";
  EXPECT_EQ(make_storable("\xE0\x80\x80"sv), marks(3));
  EXPECT_EQ(make_storable("\xF0\x80\x80\x80"sv), marks(4));
  EXPECT_EQ(make_storable("\xF4\x90\x80\x80"sv), marks(4)) << "beyond U+10FFFF";
  EXPECT_EQ(make_storable("\xF5\xFF"sv), marks(2));
  EXPECT_EQ(make_storable("\xE6\x9D"sv), marks(2)) << "cut off";
  EXPECT_EQ(make_storable("\xC3"sv), marks(1));
  EXPECT_EQ(make_storable("\x80z"sv), marks(1) + "z");
}

TEST(TextRepair, RepairedTextsAreStorable) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text{static_cast<char>(first), static_cast<char>(second), 'x'};
      const std::string repaired = make_storable(text);
      ASSERT_TRUE(is_storable(repaired)) << first << ' ' << second;
      ASSERT_EQ(is_storable(text), repaired == text) << first << ' ' << second;
    }
  }
}

TEST(TextRepair, CutsBetweenCharacters) {
  EXPECT_EQ(cut_to_bytes("abc", 5), "abc");
  EXPECT_EQ(cut_to_bytes("abc", 3), "abc");
  EXPECT_EQ(cut_to_bytes("abc", 2), "ab");
  EXPECT_EQ(cut_to_bytes("abc", 0), "");
  EXPECT_EQ(cut_to_bytes("aé", 2), "a");
  EXPECT_EQ(cut_to_bytes("東京", 5), "東");
  EXPECT_EQ(cut_to_bytes("東京", 2), "");
  EXPECT_EQ(cut_to_bytes("😀😀", 7), "😀");
  EXPECT_EQ(cut_to_bytes("😀😀", 8), "😀😀");
}

}  // namespace
}  // namespace twinshift::event
