#include "queue/drivers/sqs/envelope.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json_text.hpp"
#include "queue/drivers/sqs/digest.hpp"
#include "queue/drivers/sqs/sqs_text.hpp"
#include "queue/drivers/sqs/squeeze.hpp"
#include "tests/support/hostile_events.hpp"

namespace twinshift::queue::sqs {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kLimit = 1'048'576;
const base::WallTime kAt{1'704'110'400'123'000us};
const Surroundings kAround{
    .message_id = "sqs-id", .sent_at = base::WallTime(1'700'000'000s), .is_from_appsflyer = true};

std::vector<Message> events_of(std::string body, const Surroundings& around) {
  Contents contents = read_body(std::move(body), around);
  EXPECT_FALSE(contents.is_oversized);
  return std::move(contents.events);
}

std::string written(const Message& message, std::size_t bytes_max = kLimit) {
  auto text = write_envelope(message, bytes_max);
  EXPECT_TRUE(text);
  EXPECT_TRUE(is_carried_text(*text));
  EXPECT_LE(text->size(), bytes_max);
  return std::move(*text);
}

void expect_given_back(const Message& message, std::size_t bytes_max = kLimit) {
  const auto read = events_of(written(message, bytes_max), {});
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].body, message.body);
  EXPECT_EQ(read[0].message_id, message.message_id);
  EXPECT_EQ(read[0].received_at, message.received_at);
}

TEST(SqsEnvelope, APackOfMoreEventsThanAReceiptCanNameIsNone) {
  std::string text = R"({"pack":1,"events":[{"data":{}})";
  for (int i = 0; i < 79'999; ++i) text += R"(,{"data":{}})";
  text += "]}";
  const auto read = events_of(text, kAround);
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].body, text);
}

TEST(SqsEnvelope, IsThePredecessors) {
  EXPECT_EQ(written({R"({"event_name":"install"})", "0190-id", kAt}),
            R"({"id":"0190-id","timestamp":"2024-01-01T12:00:00.123Z","data":{"event_name":"install"}})");
}

TEST(SqsEnvelope, GivesBackEveryByte) {
  for (const char* body :
       {R"({})", R"({ "a" : 1.0e5 , "a":"\ud800" })", " {\"a\":[1,{}]}\r\n\t ", "{\"z\":\"\xEF\xBF\xBE\"}",
        R"({"data":{"id":"x"},"id":1,"timestamp":null})", R"({"pack":1,"events":[]})",
        R"({"id":"i","timestamp":"2024-01-01T00:00:00Z","data":{"a":1}})", "{\"\x7f\":\"\xF0\x9F\x98\x80\"}"}) {
    expect_given_back({body, "id", kAt + 456us});
  }
  for (std::uint64_t i = 0; i < 300; ++i) expect_given_back({tests::hostile_event(4, i), "id", kAt});
}

TEST(SqsEnvelope, CarriesWhatIsNoJsonEncoded) {
  const std::vector<std::string> odd = {"",   std::string(1, '\0'), "\xff\xfe\xc0\x80",
                                        "a",  R"({},"data":{})",    R"({"a":1},"x":2)",
                                        "[]", "{\"a\":\x01}",       "{",
                                        "{}}"};
  for (const std::string& body : odd) {
    EXPECT_NE(written({body, "id", kAt}).find(R"("encoding":"gzip+base64")"), std::string::npos) << body;
    expect_given_back({body, body, kAt});
  }
}

TEST(SqsEnvelope, MakesALargeEventFit) {
  const Message large{R"({"a":")" + std::string(2'000'000, 'x') + "\"}", "id", kAt};
  expect_given_back(large);
  expect_given_back({R"({"a":")" + std::string(2'000, 'x') + "\"}", "id", kAt}, 1024);
}

TEST(SqsEnvelope, SaysWhatCannotFit) {
  std::string noise;
  for (std::uint32_t i = 0, state = 1; i < 4'000; ++i)
    noise += static_cast<char>('!' + (state = state * 1664525U + 1013904223U) % 90);
  const auto refused = write_envelope({noise, "id", kAt}, 1024);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, base::ErrorKind::invalid);
  EXPECT_EQ(refused.error().text().find(noise.substr(0, 8)), std::string::npos);
}

TEST(SqsEnvelope, TakesAStrangersMembersWhereTheSenderSaysWhoItIs) {
  const std::string body =
      "{ \"data\" : {\"a\":1} , \"id\":\"u\", \"more\":[1], \"timestamp\":\"2024-01-01T12:00:00.123Z\"}";
  const auto read = events_of(body, kAround);
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].body, " {\"a\":1} ");
  EXPECT_EQ(read[0].message_id, "u");
  EXPECT_EQ(read[0].received_at, kAt);
  Surroundings stranger = kAround;
  stranger.is_from_appsflyer = false;
  EXPECT_EQ(events_of(body, stranger)[0].body, body);
}

TEST(SqsEnvelope, TakesWhatIsMissingFromTheMessage) {
  const auto read = events_of(R"({"data":{"a":1},"timestamp":"yesterday"})", kAround);
  EXPECT_EQ(read[0].body, R"({"a":1})");
  EXPECT_EQ(read[0].message_id, "sqs-id");
  EXPECT_EQ(read[0].received_at, kAround.sent_at);
}

TEST(SqsEnvelope, TakesABareEventAndAnythingElseAsItIs) {
  for (const char* body :
       {R"({"event_name":"install"})", R"({"data":[1],"id":"a","timestamp":"b"})", R"({"data":{},"data":{}})",
        "not json", "", "[1]", R"({"data":{"a":1)", R"({"pack":1,"events":[{"a":1}]})", R"({"data":{}} x)",
        R"({"id":"a","timestamp":"t","encoding":"gzip+base64","encoded":"!"})"}) {
    const auto read = events_of(body, kAround);
    ASSERT_EQ(read.size(), 1U);
    EXPECT_EQ(read[0].body, body);
    EXPECT_EQ(read[0].message_id, "sqs-id");
    EXPECT_EQ(read[0].received_at, kAround.sent_at);
  }
}

TEST(SqsEnvelope, PacksSeveralEvents) {
  const std::string first = written({R"({"a":1})", "1", kAt});
  const std::string second = written({"\xff", "2", kAt});
  const std::string pack = write_pack({first, second, first});
  EXPECT_EQ(pack.size(), 2 * first.size() + second.size() + kPackBytes + 3 * kPackBytesEach - 1);
  const auto read = events_of(pack, {});
  ASSERT_EQ(read.size(), 3U);
  EXPECT_EQ(read[0].body, R"({"a":1})");
  EXPECT_EQ(read[1].body, "\xff");
  EXPECT_EQ(read[1].message_id, "2");
  EXPECT_EQ(read[2].message_id, "1");
}

// An encoded event that unfolds to `bytes`.
std::string encoded(std::size_t bytes) {
  return written({std::string(bytes, ' '), "id", kAt});
}

TEST(SqsEnvelope, BoundsWhatTheEventsOfOneMessageUnfoldToTogether) {
  const std::string half = encoded(kUnfoldedBytesMax / 2);
  EXPECT_EQ(events_of(write_pack({half, half}), {}).size(), 2U);
  const std::string pack = write_pack({half, half, encoded(1)});
  const Contents beyond = read_body(pack, kAround);
  EXPECT_TRUE(beyond.is_oversized);
  ASSERT_EQ(beyond.events.size(), 1U);
  EXPECT_EQ(beyond.events[0].body, pack);  // as it stands: nothing of it is lost
  EXPECT_EQ(beyond.events[0].message_id, "sqs-id");
}

TEST(SqsEnvelope, BoundsWhatOneEventUnfoldsTo) {
  EXPECT_EQ(events_of(encoded(kUnfoldedBytesMax), {})[0].body.size(), kUnfoldedBytesMax);
  const std::string text = encoded(kUnfoldedBytesMax + 1);
  const Contents beyond = read_body(text, kAround);
  EXPECT_TRUE(beyond.is_oversized);
  EXPECT_EQ(beyond.events[0].body, text);
}

TEST(SqsText, KnowsWhatSqsCarries) {
  for (const char* text : {"", "a\t\n\r\x7f", "\xEF\xBF\xBD", "\xED\x9F\xBF", "\xEE\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_carried_text(text)) << text;
  }
  for (const char* text :
       {"\x01", "\x1f", "\xEF\xBF\xBE", "x\xEF\xBF\xBFy", "\xED\xA0\x80", "\xC0\x80", "\xEF", "\xF5\x80\x80\x80"}) {
    EXPECT_FALSE(is_carried_text(text)) << text;
  }
  EXPECT_FALSE(is_carried_text(std::string_view("\0", 1)));
}

TEST(SqsText, EscapesLikeAnyJsonWriter) {
  std::string all;
  for (int c = 0; c < 0x80; ++c) all += static_cast<char>(c);
  for (std::size_t length = 0; length < 40; ++length) {
    for (const std::string& text :
         {std::string(length, '"'), std::string(length, 'x') + "\"" + std::string(length, '\xC3'),
          std::string(length, '.') + all, std::string(length * 997, '\\')}) {
      if (text.find('\xC3') != std::string::npos) continue;  // half a letter: not for this function
      std::string expected;
      base::append_json_string(expected, text);
      std::string got = "before";
      append_escaped(got, text);
      ASSERT_EQ("\"" + got.substr(6) + "\"", expected);
    }
  }
}

TEST(SqsText, LeavesLettersBeyondAsciiAlone) {
  std::string got;
  append_escaped(got, "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80 \"\xC3\xA4\"");
  EXPECT_EQ(got, "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80 \\\"\xC3\xA4\\\"");
}

TEST(SqsSqueeze, RefusesWhatItDidNotWrite) {
  const std::string text = squeeze("hello hello hello");
  EXPECT_EQ(unsqueeze(text, 17), "hello hello hello");
  EXPECT_EQ(unsqueeze(text, 16).error(), SqueezeFault::too_large);
  EXPECT_EQ(unsqueeze(text.substr(0, text.size() - 4), 1000).error(), SqueezeFault::broken);
  EXPECT_FALSE(unsqueeze(text + "AAAA", 1000));
  for (const char* bad : {"", "A", "AAA=", "====", "A A=", " AAA", "!!!!"}) EXPECT_FALSE(unsqueeze(bad, 1000)) << bad;
  EXPECT_EQ(unsqueeze(squeeze(""), 0), "");
}

TEST(SqsDigest, IsTheServices) {
  EXPECT_EQ(md5_hex("hello"), "5d41402abc4b2a76b9719d911017c592");
  EXPECT_EQ(md5_of_attributes({{"Source", "AppsFlyer"}}), "9d4703b57113f1e41efb5572d3a763b9");
  EXPECT_TRUE(digests_agree("", "a") && digests_agree("a", "") && digests_agree("a", "a"));
  EXPECT_FALSE(digests_agree("a", "b"));
}

}  // namespace
}  // namespace twinshift::queue::sqs
