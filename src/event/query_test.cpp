#include <string>

#include <gtest/gtest.h>

#include "event/event.hpp"

namespace twinshift::event {
namespace {

std::string object(std::string_view query) {
  const auto json = object_from_query(query);
  if (!json) return json.error().text();
  EXPECT_TRUE(check_object(*json)) << *json;
  return *json;
}

TEST(Query, BecomesAFlatObjectOfTexts) {
  EXPECT_EQ(object("a=1&b=x%20y"), R"({"a":"1","b":"x y"})");
  EXPECT_EQ(object("a=1.0&a=true&a=null"), R"({"a":"1.0","a":"true","a":"null"})");
  EXPECT_EQ(object("b=2&a=1"), R"({"b":"2","a":"1"})");
  EXPECT_EQ(object(""), "{}");
}

TEST(Query, TakesOddPairs) {
  EXPECT_EQ(object("a&b=&=c&="), R"({"a":"","b":"","":"c","":""})");
  EXPECT_EQ(object("&&a=1&&b=2&"), R"({"a":"1","b":"2"})");
  EXPECT_EQ(object("a=b=c"), R"({"a":"b=c"})");
  EXPECT_EQ(object("url=http://x/?y;z"), R"({"url":"http://x/?y;z"})");
}

TEST(Query, DecodesPercentSigns) {
  EXPECT_EQ(object("a+b=c+d%2B"), R"({"a b":"c d+"})");
  EXPECT_EQ(object("c=%F0%9F%98%80%c3%A9"), "{\"c\":\"\xF0\x9F\x98\x80\xC3\xA9\"}");
  EXPECT_EQ(object("%61%3D=%26"), R"({"a=":"&"})");
  EXPECT_EQ(object("a=%&b=%4&c=%zz&d=%%41&e=100%"), R"({"a":"%","b":"%4","c":"%zz","d":"%A","e":"100%"})");
  EXPECT_EQ(object("a=%2541"), R"({"a":"%41"})");
}

TEST(Query, EscapesWhatJsonMust) {
  EXPECT_EQ(object("a=%00&b=%22%5C%0A%1f"), R"({"a":"\u0000","b":"\"\\\n\u001f"})");
  EXPECT_EQ(object(std::string_view("a=\0b", 4)), R"({"a":"\u0000b"})");
  EXPECT_EQ(object("v={\"x\":1}"), R"({"v":"{\"x\":1}"})");
}

TEST(Query, RefusesInvalidUtf8ByPositionOnly) {
  for (const char* query : {"ok=1&secret=%FF", "ok=1&%C3=secret", "ok=1&a=secret%ED%A0%80", "ok=1&a=%F4%90%80%80"}) {
    const auto json = object_from_query(query);
    ASSERT_FALSE(json) << query;
    EXPECT_EQ(json.error().kind, base::ErrorKind::invalid);
    EXPECT_NE(json.error().text().find("byte 5"), std::string::npos) << json.error().text();
    EXPECT_EQ(json.error().text().find("secret"), std::string::npos);
  }
}

TEST(Query, StaysLinearForManyPairs) {
  std::string query;
  for (int i = 0; i < 200'000; ++i) query += "a=%41&";
  const auto json = object_from_query(query);
  ASSERT_TRUE(json);
  EXPECT_EQ(json->size(), 200'000 * 8 + 1U);
}

}  // namespace
}  // namespace twinshift::event
