#include "app/person.hpp"

#include <gtest/gtest.h>

namespace twinshift::app {
namespace {

using base::ErrorKind;

Person person_of(std::string_view where) {
  auto person = parse_person(where);
  EXPECT_TRUE(person) << (person ? "" : person.error().text());
  return person ? std::move(*person) : Person{};
}

TEST(Person, IsAFieldAndAValue) {
  const Person person = person_of("customer_user_id=a=b c");
  EXPECT_EQ(person.field, "customer_user_id");
  EXPECT_EQ(person.value, "a=b c");
  EXPECT_EQ(person_of("idfa=\xC3\xA9").value, "\xC3\xA9");
}

TEST(Person, WhatIsNoneIsRefusedWithoutTellingTheValue) {
  for (const std::string where : {"customer_user_id", "customer_user_id=", "no_such_field=secret", "event_time=secret",
                                  "extra=secret", "event_id=secret", "=secret", "idfa=secret\n", "idfa=secret\xFF"}) {
    const auto person = parse_person(where);
    ASSERT_FALSE(person) << where;
    EXPECT_EQ(person.error().kind, ErrorKind::invalid);
    EXPECT_EQ(person.error().text().find("secret"), std::string::npos) << person.error().text();
  }
  EXPECT_FALSE(parse_person("idfa=" + std::string(kPersonValueBytesMax + 1, 'x')));
}

TEST(Person, AnEventIsTheirsByExactlyThisValue) {
  const Person person = person_of("customer_user_id=4711");
  EXPECT_EQ(is_of(person, R"({"customer_user_id":"4711"})"), true);
  EXPECT_EQ(is_of(person, R"({"customer_user_id":4711})"), true);
  EXPECT_EQ(is_of(person, R"({"customer_user_id":"\u0034711"})"), true) << "spelled by an escape";
  EXPECT_EQ(is_of(person, R"({"customer_user_id":"1","customer_user_id":"4711"})"), true) << "of equal keys any";
  for (const char* other : {R"({"customer_user_id":"47110"})", R"({"customer_user_id":" 4711"})", R"({"idfa":"4711"})",
                            R"({"x":{"customer_user_id":"4711"}})", R"({"customer_user_id":null})", "{}"}) {
    EXPECT_EQ(is_of(person, std::string(other)), false) << other;
  }
  EXPECT_EQ(is_of(person, std::string("no event")), std::nullopt);
}

TEST(Person, APatternFindsTooMuchRatherThanTooLittle) {
  EXPECT_EQ(like_pattern(person_of("idfa=AB-1.2@x")), "%idfa%AB-1.2@x%");
  // What JSON may spell otherwise, and LIKE's own signs, may be anything.
  EXPECT_EQ(like_pattern(person_of("idfa=a\"\\%_b\xC3\xA9")), "%idfa%a%b%");
}

TEST(Person, PlacesComeBackFromTheirText) {
  warehouse::EventPlace place{{}, base::WallTime(std::chrono::microseconds(-7))};
  place.id.bytes[0] = 0xAB;
  const auto back = parse_place(text_of(place));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->id, place.id);
  EXPECT_EQ(back->event_at, place.event_at);
  for (const char* bad : {"", "ab", "ab00000000000000000000000000000 1", "AB000000000000000000000000000000 1",
                          "ab000000000000000000000000000000", "ab000000000000000000000000000000 ",
                          "ab000000000000000000000000000000 1x"}) {
    EXPECT_FALSE(parse_place(bad)) << bad;
  }
}

}  // namespace
}  // namespace twinshift::app
