#include "intake/body_check.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace twinshift::intake {
namespace {

bool accepted(std::string body) {
  return check_body(body).has_value();
}

TEST(BodyCheck, TakesObjects) {
  for (const char* body : {"{}", " {\"a\":1} ", "\r\n{\"a\":[{},[],null,true,false,\"x\"]}\t"})
    EXPECT_TRUE(accepted(body)) << body;
}

TEST(BodyCheck, RefusesWhatIsNoObject) {
  for (const char* body :
       {"", " ", "[]", "1", "\"x\"", "null", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{}x", "{\"a\":01}",
        "{\"a\":tru}", "{\"a\":\"\x01\"}", "{\"a\":\"\xff\"}", "{'a':1}", "{\"a\":\"\\x\"}", "{\"a\":1e}"}) {
    EXPECT_FALSE(accepted(body)) << body;
  }
  EXPECT_FALSE(accepted(std::string("{}\0", 3)));
}

// What a parser that skips values would let through: rubbish in a value that nobody asks for.
TEST(BodyCheck, ChecksEveryToken) {
  EXPECT_FALSE(accepted(R"({"a":{"b":[1,2,nonsense]},"c":1})"));
  EXPECT_FALSE(accepted(R"({"a":{"b":"\ud8"},"c":1})"));
}

TEST(BodyCheck, TakesWhatManyParsersRefuse) {
  EXPECT_TRUE(accepted(R"({"a":"\ud800","b":"\u0000"})"));
  EXPECT_TRUE(accepted("{\"a\":" + std::string(300, '9') + "}"));
  EXPECT_TRUE(accepted(R"({"a":1e999,"b":-1e-999})"));
  EXPECT_TRUE(accepted(R"({"a":1,"a":2})"));
  EXPECT_TRUE(accepted("{\"a\":" + std::string(10'000, '[') + std::string(10'000, ']') + "}"));
  EXPECT_TRUE(accepted("{\"a\":\"" + std::string(70'000, 'x') + "\"}"));
}

TEST(BodyCheck, RemovesTheByteOrderMark) {
  std::string body = "\xEF\xBB\xBF{\"a\":1}";
  ASSERT_TRUE(check_body(body));
  EXPECT_EQ(body, "{\"a\":1}");
  std::string only_mark = "\xEF\xBB\xBF";
  EXPECT_FALSE(check_body(only_mark));
}

TEST(BodyCheck, NeverQuotesTheBody) {
  std::string body = R"({"password":"hunter2" nonsense})";
  const auto checked = check_body(body);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().text().find("hunter2"), std::string::npos);
  EXPECT_EQ(checked.error().text().find("password"), std::string::npos);
}

TEST(RequiredFields, MissingIsWhatJavaScriptCallsFalsy) {
  const auto there = [](const std::string& value) {
    return check_required_fields(R"({"appsflyer_id":)" + value + R"(,"event_name":"e","event_time":"t"})").has_value();
  };
  for (const char* value : {"\"x\"", "1", "-0.5", "true", "[]", "{}", "\" \""}) EXPECT_TRUE(there(value)) << value;
  for (const char* value : {"\"\"", "0", "-0.0", "0e5", "false", "null"}) EXPECT_FALSE(there(value)) << value;
  EXPECT_FALSE(check_required_fields("{}"));
  EXPECT_EQ(check_required_fields("{}").error().message,
            "Missing required fields: appsflyer_id, event_name, or event_time");
}

TEST(RequiredFields, TheLastOfEqualKeysCounts) {
  EXPECT_TRUE(check_required_fields(R"({"appsflyer_id":"","event_name":"e","event_time":"t","appsflyer_id":"x"})"));
  EXPECT_FALSE(check_required_fields(R"({"appsflyer_id":"x","event_name":"e","event_time":"t","appsflyer_id":""})"));
}

}  // namespace
}  // namespace twinshift::intake
