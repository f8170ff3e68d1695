#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/time_text.hpp"
#include "event/event.hpp"

namespace twinshift::event {
namespace {

using namespace std::chrono_literals;

EventPtr decoded(std::string_view json) {
  auto event = decode_event(std::string(json), "m", base::WallTime{5us});
  if (!event) {
    ADD_FAILURE() << event.error().text();
    return std::make_shared<Event>();
  }
  return *event;
}

std::string event_at(std::string_view members) {
  return base::sql_timestamp(decoded("{" + std::string(members) + "}")->event_at);
}

bool plain(std::string_view json) {
  return decoded(json)->plain;
}

TEST(Decode, FillsFieldsInOrder) {
  const EventPtr event =
      decoded(" { \"t\" : \"x y\" ,\"n\":-1.50e2,\"b\":true,\"z\":null,\"o\":{ \"k\":[ 1 ] },\"a\":[ ],\"t\":\"\"}\n");
  struct Expected {
    std::string key, raw, text;
    ValueKind kind;
  };
  const std::vector<Expected> expected{
      {"t", "\"x y\"", "x y", ValueKind::text},
      {"n", "-1.50e2", "-1.50e2", ValueKind::number},
      {"b", "true", "true", ValueKind::boolean},
      {"z", "null", "null", ValueKind::null},
      {"o", R"({ "k":[ 1 ] })", R"({ "k":[ 1 ] })", ValueKind::object},
      {"a", "[ ]", "[ ]", ValueKind::array},
      {"t", "\"\"", "", ValueKind::text},
  };
  ASSERT_EQ(event->fields.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(event->fields[i].key, expected[i].key);
    EXPECT_EQ(event->fields[i].raw, expected[i].raw);
    EXPECT_EQ(event->fields[i].text, expected[i].text);
    EXPECT_EQ(event->fields[i].kind, expected[i].kind);
  }
  EXPECT_EQ(event->message_id, "m");
  EXPECT_EQ(event->received_at, base::WallTime{5us});
  EXPECT_EQ(event->id_version, kIdentityVersion);
}

TEST(Decode, DecodesEscapesIntoTheArena) {
  const EventPtr event = decoded(R"({"k\u00e9y":"a\nb","plain":"\\","s":"\ud83d\ude00\udc00"})");
  ASSERT_EQ(event->fields.size(), 3U);
  EXPECT_EQ(event->fields[0].key, "k\xC3\xA9y");
  EXPECT_EQ(event->fields[0].text, "a\nb");
  EXPECT_EQ(event->fields[0].raw, R"("a\nb")");
  EXPECT_EQ(event->fields[1].text, "\\");
  EXPECT_EQ(event->fields[2].text, "\xF0\x9F\x98\x80\xED\xB0\x80");
}

TEST(Decode, ViewsPointIntoTheEvent) {
  const EventPtr event = decoded(R"({"key":"value"})");
  const char* const begin = event->json.data();
  EXPECT_EQ(event->fields[0].key.data(), begin + 2);
  EXPECT_EQ(event->fields[0].text.data(), begin + 8);
  EXPECT_TRUE(event->arena.empty());
}

TEST(Decode, AnEmptyObjectIsAnEvent) {
  const EventPtr event = decoded("{}");
  EXPECT_TRUE(event->fields.empty());
  EXPECT_TRUE(event->plain);
  EXPECT_EQ(event->event_at, base::WallTime{});
}

TEST(Decode, RefusesWhatIsNoObjectWithoutQuotingIt) {
  for (const char* text : {"", "  ", "[]", "17", "\"secret\"", "null", "{", "{\"secret\":1", "{\"secret\":secret}",
                           "{\"secret\":1}x", "\xEF\xBB\xBF{}"}) {
    const auto event = decode_event(text, "m", base::WallTime{});
    ASSERT_FALSE(event) << text;
    EXPECT_EQ(event.error().kind, base::ErrorKind::invalid);
    EXPECT_EQ(event.error().text().find("secret"), std::string::npos) << event.error().text();
    EXPECT_NE(event.error().message.find("at byte"), std::string::npos) << event.error().text();
    const auto status = check_object(text);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().text(), event.error().text());
  }
}

TEST(Decode, PlainIsWhatItsFieldsCanTellAgain) {
  EXPECT_TRUE(plain(R"({"a":"\ud83d\ude00 \u0001 é","b":1e999,"c":{"d":[]}})"));
  EXPECT_FALSE(plain(R"({"a":"\u0000"})"));
  EXPECT_FALSE(plain(R"({"a\u0000":1})"));
  EXPECT_FALSE(plain(R"({"a":{"b":["\u0000"]}})"));
  EXPECT_FALSE(plain(R"({"a":"\ud800"})"));
  EXPECT_FALSE(plain(R"({"a":["\udc00\ud800"]})"));
  EXPECT_FALSE(plain(R"({"a":1,"b":2,"a":1})"));
  EXPECT_FALSE(plain(R"({"a":{"b":1,"\u0062":1}})"));
  EXPECT_FALSE(plain("{\"a\":" + std::string(256, '[') + std::string(256, ']') + "}"));
  EXPECT_TRUE(plain("{\"a\":" + std::string(255, '[') + std::string(255, ']') + "}"));
  EXPECT_TRUE(plain(R"({"a":"\\u0000"})"));
}

TEST(Decode, KeepsTheFieldsOfATooDeepEvent) {
  const std::string deep = std::string(10'000, '[') + "{\"x\":\"\\u0000\"}" + std::string(10'000, ']');
  const EventPtr event = decoded("{\"a\":1,\"deep\":" + deep + ",\"event_time\":\"2024-01-01 12:00:00\"}");
  ASSERT_EQ(event->fields.size(), 3U);
  EXPECT_EQ(event->fields[1].raw, deep);
  EXPECT_EQ(event->fields[1].kind, ValueKind::array);
  EXPECT_EQ(event->fields[2].key, "event_time");
  EXPECT_EQ(base::sql_timestamp(event->event_at), "2024-01-01 12:00:00");
}

TEST(EventAt, IsTheFirstUsableTime) {
  EXPECT_EQ(event_at(R"("install_time":"2024-01-03 00:00:00","timestamp":"2024-01-02 00:00:00",
                        "event_time":"2024-01-01 12:00:00.123")"),
            "2024-01-01 12:00:00.123");
  EXPECT_EQ(event_at(R"("install_time":"2024-01-03 00:00:00","timestamp":"2024-01-02 00:00:00")"),
            "2024-01-02 00:00:00");
  EXPECT_EQ(event_at(R"("event_time":"soon","timestamp":null,"install_time":"2024-01-03 00:00:00")"),
            "2024-01-03 00:00:00");
  EXPECT_EQ(event_at(R"("event_time":"2107-01-01 00:00:00","timestamp":"2024-01-02 00:00:00")"), "2024-01-02 00:00:00");
  EXPECT_EQ(event_at(R"("event_time":{"event_time":"2024-01-01 00:00:00"})"), "1970-01-01 00:00:00");
  EXPECT_EQ(event_at(R"("Event_Time":"2024-01-01 00:00:00")"), "1970-01-01 00:00:00");
  EXPECT_EQ(event_at(""), "1970-01-01 00:00:00");
}

TEST(EventAt, IsInUtcAndInRange) {
  EXPECT_EQ(event_at(R"("event_time":"2024-01-01 01:00:00+0530")"), "2023-12-31 19:30:00");
  EXPECT_EQ(event_at(R"("event_time":"2008-01-01 00:00:00")"), "2008-01-01 00:00:00");
  EXPECT_EQ(event_at(R"("event_time":"2007-12-31 23:59:59.999999")"), "1970-01-01 00:00:00");
  EXPECT_EQ(event_at(R"("event_time":"2008-01-01 00:00:00+01")"), "1970-01-01 00:00:00");
  EXPECT_EQ(event_at(R"("event_time":"2099-12-31 23:59:59.999999")"), "2099-12-31 23:59:59.999999");
  EXPECT_EQ(event_at(R"("event_time":"2100-01-01 00:00:00")"), "1970-01-01 00:00:00");
}

TEST(EventAt, TakesTheLastOfEqualKeys) {
  EXPECT_EQ(event_at(R"("event_time":"2024-01-01 00:00:00","event_time":"2024-01-02 00:00:00")"),
            "2024-01-02 00:00:00");
  EXPECT_EQ(event_at(R"("event_time":"2024-01-01 00:00:00","event\u005ftime":null,"timestamp":1704110400)"),
            "2024-01-01 12:00:00");
}

// One id, one event_at: else a lookup by time would miss the copy.
TEST(EventAt, DoesNotDependOnSpelling) {
  const std::string id = decoded(R"({"timestamp":1704110400})")->id.hex();
  const std::string zeros = std::string(500, '0');
  for (const std::string& number : {std::string("1704110400"), std::string("1704110400.000"), std::string("17041104e2"),
                                    std::string("1.7041104E+9"), "1704110400." + zeros, "17041104" + zeros + "e-498"}) {
    const EventPtr event = decoded("{\"timestamp\":" + number + "}");
    EXPECT_EQ(base::sql_timestamp(event->event_at), "2024-01-01 12:00:00") << number;
    EXPECT_EQ(event->id.hex(), id) << number;
  }
  EXPECT_EQ(event_at(R"("timestamp":1704110400123)"), "2024-01-01 12:00:00.123");
  EXPECT_EQ(event_at(R"("timestamp":"1704110400123")"), "2024-01-01 12:00:00.123");
  EXPECT_EQ(event_at(R"("event_time":"2024\u002d01-01\u002012:00:00")"), "2024-01-01 12:00:00");
  for (const char* number : {"1704110400.5", "-1704110400", "17041104e1", "17041104e3", "1e9999999999999999999", "0",
                             "1e-9", "17041104001234"}) {
    EXPECT_EQ(event_at("\"timestamp\":" + std::string(number)), "1970-01-01 00:00:00") << number;
  }
}

// Each thread has its own working memory; an event may be decoded on any.
TEST(Decode, WorksOnManyThreadsAtOnce) {
  const std::string big = "{\"a\":\"" + std::string(2'000'000, 'x') + "\"}";
  const std::string small = R"({"b":"\n","a":[1,{"z":2,"y":3}]})";
  const EventId big_id = decoded(big)->id;
  const EventId small_id = decoded(small)->id;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const bool use_big = (i + t) % 5 == 0;
        EXPECT_EQ(decoded(use_big ? big : small)->id, use_big ? big_id : small_id);
      }
    });
  }
}

}  // namespace
}  // namespace twinshift::event
