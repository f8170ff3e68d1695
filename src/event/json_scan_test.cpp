#include "event/json_scan.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "event/json_string.hpp"

namespace twinshift::event {
namespace {

// "" where the text is taken, else "what at byte".
std::string fault(std::string_view json) {
  const auto checked = scan_object(json);
  Tape tape;
  const auto taped = scan_object(json, tape);
  EXPECT_EQ(checked.has_value(), taped.has_value());
  if (!checked) return "";
  EXPECT_EQ(checked->at, taped->at);
  return std::string(checked->what) + " at " + std::to_string(checked->at);
}

// The same as the value of a member, and inside an array.
void expect_value(const std::string& value, bool good) {
  EXPECT_EQ(fault("{\"a\":" + value + "}").empty(), good) << value;
  EXPECT_EQ(fault("{\"a\":[0," + value + " ]}").empty(), good) << value;
}

std::string times(std::string_view piece, std::size_t count) {
  std::string text;
  text.reserve(piece.size() * count);
  for (std::size_t i = 0; i < count; ++i) text += piece;
  return text;
}

TEST(JsonScan, TakesObjects) {
  for (const char* json : {"{}", " \t\r\n{ } \n", R"({"":""})", R"({"a":{"b":[{},[],[[]],{"c":null}]}})",
                           "{ \"a\" : 1 , \"b\" : [ 1 , 2 ] }", R"({"a":1,"a":1})"}) {
    EXPECT_EQ(fault(json), "") << json;
  }
}

TEST(JsonScan, TakesEveryNumberOfTheGrammar) {
  for (const char* number : {"0", "-0", "1", "-1", "10", "0.0", "0.10", "1e5", "1E5", "1e+5", "1e-5", "0e0", "1.5e999",
                             "123456789012345678901234567890", "1e00005"}) {
    expect_value(number, true);
  }
  expect_value(std::string(300, '7'), true);
  expect_value("1e" + std::string(300, '9'), true);
  for (const char* number : {"", "-", "+1", "01", "-01", "1.", ".5", "1.e5", "1e", "1e+", "1e5.0", "--1", "1-", "0x1",
                             "Infinity", "NaN", "1 2", "1_000", "1,5e"}) {
    expect_value(number, false);
  }
}

TEST(JsonScan, TakesOnlyTheThreeWords) {
  for (const char* word : {"true", "false", "null"}) expect_value(word, true);
  for (const char* word : {"True", "tru", "truee", "nul", "nil", "fals", "undefined", "t", "f", "n"}) {
    expect_value(word, false);
  }
}

TEST(JsonScan, ChecksEscapes) {
  for (const char* text : {R"("\"\\\/\b\f\n\r\t")", R"("\u0000")", R"("\uFfFf")", R"("\ud800")", R"("\udc00")",
                           R"("\ud800\ud800")", R"("\ud800\u0041")", R"("\ud83d\ude00")", R"("\ud800\n")"}) {
    expect_value(text, true);
  }
  for (const char* text : {R"("\x41")", R"("\u")", R"("\u004")", R"("\u004g")", R"("\U0041")", R"("\")", R"("\ ")",
                           R"("\ud800\u")", R"("\ud800\uzzzz")", R"("\')"}) {
    expect_value(text, false);
  }
}

// At every offset within and across the blocks of 16 that the fast path takes.
TEST(JsonScan, FindsControlCharactersWhereverTheyStand) {
  for (std::size_t before = 0; before < 40; ++before) {
    for (int c = 0; c < 256; ++c) {
      std::string json = "{\"a\":\"" + std::string(before, 'x') + static_cast<char>(c) + std::string(20, 'y') + "\"}";
      const bool good = c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
      ASSERT_EQ(fault(json).empty(), good) << before << " " << c;
      if (!good && c < 0x20) {
        ASSERT_EQ(fault(json), "a control character in a string is not escaped at " + std::to_string(6 + before));
      }
    }
  }
}

// Every sequence of up to 3 bytes, and the borders of 4, against the table of RFC 3629.
TEST(JsonScan, TakesUtf8AndNothingElse) {
  const auto encoded = [](std::uint32_t code) {
    std::string out;
    const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x800) {
      put(0xC0 | code >> 6);
    } else {
      if (code < 0x10000) {
        put(0xE0 | code >> 12);
      } else {
        put(0xF0 | code >> 18);
        put(0x80 | (code >> 12 & 0x3F));
      }
      put(0x80 | (code >> 6 & 0x3F));
    }
    put(0x80 | (code & 0x3F));
    return out;
  };
  for (std::uint32_t code = 0x80; code < 0x10FFFF; code += code < 0x11000 ? 1 : 257) {
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    ASSERT_EQ(is_utf8(encoded(code)), !surrogate) << code;
  }
  EXPECT_TRUE(is_utf8(encoded(0x10FFFF)));
  EXPECT_FALSE(is_utf8(encoded(0x110000)));
  for (const char* bad : {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x41", "\xE0\x80\x80", "\xE0\x9F\xBF",
                          "\xE1\x80", "\xE1\x80\xC0", "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF",
                          "\xF1\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xFE", "\xEF\xBF"}) {
    EXPECT_FALSE(is_utf8(bad));
    expect_value("\"" + std::string(bad) + "\"", false);
    expect_value("\"0123456789abcdef" + std::string(bad) + "z\"", false);
  }
  expect_value("\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xEF\xBF\xBF\"", true);
}

TEST(JsonScan, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(fault(""), "the text is empty at 0");
  EXPECT_EQ(fault("  "), "the text is empty at 2");
  EXPECT_EQ(fault(" []"), "the text is not an object at 1");
  EXPECT_EQ(fault("\xEF\xBB\xBF{}"), "the text is not an object at 0");
  EXPECT_EQ(fault("{"), "the text ends inside an object or array at 1");
  EXPECT_EQ(fault("{\"a\":["), "the text ends inside an object or array at 6");
  EXPECT_EQ(fault("{\"a"), "the text ends inside a string at 3");
  EXPECT_EQ(fault("{\"a\\"), "the text ends inside a string at 3");
  EXPECT_EQ(fault("{a:1}"), "a key is missing at 1");
  EXPECT_EQ(fault("{\"a\":1,}"), "a key is missing at 7");
  EXPECT_EQ(fault("{,}"), "a key is missing at 1");
  EXPECT_EQ(fault("{\"a\" 1}"), "a colon is missing at 5");
  EXPECT_EQ(fault("{\"a\":"), "a value is missing at 5");
  EXPECT_EQ(fault("{\"a\":}"), "a value is missing or misspelt at 5");
  EXPECT_EQ(fault("{\"a\":[1,]}"), "a value is missing or misspelt at 8");
  EXPECT_EQ(fault("{\"a\":1 \"b\":2}"), "a comma or a closing bracket is missing at 7");
  EXPECT_EQ(fault("{\"a\":[1}}"), "a comma or a closing bracket is missing at 7");
  EXPECT_EQ(fault("{\"a\":1]"), "a comma or a closing bracket is missing at 6");
  EXPECT_EQ(fault("{} {}"), "there is more text behind the object at 3");
  EXPECT_EQ(fault(std::string_view("{}\0", 3)), "there is more text behind the object at 2");
}

TEST(JsonScan, LeavesATape) {
  Tape tape;
  const std::string_view json = R"({"a":[1,"x\n"],"b":{"c":null}})";
  ASSERT_FALSE(scan_object(json, tape).has_value());
  struct Node {
    std::string_view text;
    std::uint32_t next, count;
  };
  const std::vector<Node> expected{{json, 9, 2},     {"a", 2, 0}, {R"([1,"x\n"])", 5, 2},  {"1", 4, 0},
                                   {R"(x\n)", 5, 0}, {"b", 6, 0}, {R"({"c":null})", 9, 1}, {"c", 8, 0},
                                   {"null", 9, 0}};
  ASSERT_EQ(tape.nodes.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(json.substr(tape.nodes[i].begin, tape.nodes[i].length), expected[i].text);
    EXPECT_EQ(tape.nodes[i].next, expected[i].next) << i;
    EXPECT_EQ(tape.nodes[i].count, expected[i].count) << i;
  }
  EXPECT_TRUE(tape.nodes[4].escaped);
  EXPECT_FALSE(tape.nodes[3].escaped);
}

TEST(JsonScan, LeavesOutOfTheTapeWhatIsTooDeep) {
  Tape tape;
  const std::string json = "{\"a\":" + times("[", 100'000) + times("]", 100'000) + ",\"b\":1}";
  ASSERT_FALSE(scan_object(json, tape).has_value());
  EXPECT_TRUE(tape.too_deep);
  EXPECT_LT(tape.nodes.size(), 300U);
  EXPECT_EQ(tape.nodes.front().count, 2U);
  EXPECT_EQ(json.substr(tape.nodes.back().begin, tape.nodes.back().length), "1");
}

// These would take minutes, or the stack, if any of them took more than linear time or recursed.
TEST(JsonScan, StaysLinearOnHostileInput) {
  constexpr std::size_t kMiB = 1 << 20;
  EXPECT_EQ(fault("{\"a\":" + times("[", kMiB)),
            "the text ends inside an object or array at " + std::to_string(kMiB + 5));
  EXPECT_EQ(fault(times("{\"a\":", kMiB / 5)), "a value is missing at " + std::to_string(kMiB / 5 * 5));
  EXPECT_EQ(fault("{\"a\":\"" + times("\\n", kMiB / 2) + "\"}"), "");
  EXPECT_EQ(fault("{\"a\":\"" + times("\\u0000", kMiB / 6) + "\"}"), "");
  EXPECT_EQ(fault("{\"a\":\"" + times("\\ud800", kMiB / 6) + "\"}"), "");
  EXPECT_EQ(fault("{\"a\":" + times("1", kMiB) + "}"), "");
  EXPECT_EQ(fault("{" + times(" ", kMiB) + "}"), "");
  EXPECT_EQ(fault("{\"a\":[" + times("[],", kMiB / 3) + "0]}"), "");
}

TEST(JsonScan, DecodingStaysLinearOnHostileInput) {
  const auto decode = [](std::string json) {
    const auto event = decode_event(std::move(json), "m", base::WallTime{});
    return event ? (*event)->fields.size() : 0;
  };
  std::string distinct = "{\"\":0";
  std::string shared_prefix = "{\"\":0";
  for (int i = 0; i < 100'000; ++i) {
    distinct += ",\"" + std::to_string(i * 7919 % 100'003) + "\":0";
    shared_prefix += ",\"\\u0061aaaaaaaaaaaaaaaa" + std::to_string(i) + "\":0";
  }
  EXPECT_EQ(decode("{" + times("\"a\":0,", 100'000) + "\"a\":0}"), 100'001U);
  EXPECT_EQ(decode(distinct + "}"), 100'001U);
  EXPECT_EQ(decode(shared_prefix + "}"), 100'001U);
  EXPECT_EQ(decode("{\"a\":\"" + times("\\u0041", 200'000) + "\"}"), 1U);
  EXPECT_EQ(decode("{\"a\":" + times("[", 500'000) + times("]", 500'000) + "}"), 1U);
  EXPECT_EQ(decode(times("{\"a\":", 200'000) + "{}" + times("}", 200'000)), 1U);
  EXPECT_EQ(decode("{\"a\":[" + times("{\"b\":{\"a\":0}},", 60'000) + "0]}"), 1U);
  EXPECT_EQ(decode("{\"a\":1e" + times("9", 1'000'000) + "}"), 1U);
  EXPECT_EQ(decode("{\"a\":0." + times("0", 1'000'000) + "1}"), 1U);
}

}  // namespace
}  // namespace twinshift::event
