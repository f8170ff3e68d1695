// What a message holds comes back byte for byte, and nothing that is not ours is taken for ours.
#include "quarantine/drivers/queue/refusal_message.hpp"

#include <chrono>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <simdjson.h>

namespace twinshift::quarantine {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

// NUL, bytes that are no UTF-8, quotes, the mark between head and event.
const std::string kHostile = "\0\xff\xc3'\",\"event\":{\\\0}"s;

Refused refused(std::string json, const std::string& oddity = "") {
  auto event = std::make_shared<event::Event>();
  for (std::size_t i = 0; i < event->id.bytes.size(); ++i) event->id.bytes[i] = static_cast<std::uint8_t>(0xf0 + i);
  event->id_version = event::kIdentityMinted;
  event->received_at = base::WallTime(-7us);
  event->message_id = "m" + oddity;
  event->json = std::move(json);
  return {"primary" + oddity, std::move(event), "c" + oddity, "e" + oddity, "t" + oddity, 3};
}

void expect_same(const Refused& given, const std::string& body) {
  const auto read = read_refusal(body);
  ASSERT_TRUE(read) << body.substr(0, 500);
  EXPECT_EQ(read->record.id, 4711);
  EXPECT_EQ(read->record.target, given.target);
  EXPECT_EQ(read->record.event_id, given.event->id.hex());
  EXPECT_EQ(read->record.id_version, given.event->id_version);
  EXPECT_EQ(read->record.message_id, given.event->message_id);
  EXPECT_EQ(read->record.received_at, given.event->received_at);
  EXPECT_EQ(read->record.quarantined_at, base::WallTime(1'704'110'400'123'456us));
  EXPECT_EQ(read->record.json_bytes, given.event->json.size());
  EXPECT_EQ(read->record.column, given.column);
  EXPECT_EQ(read->record.error_class, given.error_class);
  EXPECT_EQ(read->record.message, given.message);
  EXPECT_EQ(read->record.tries, given.tries);
  EXPECT_TRUE(read->event == given.event->json);
}

std::string written(const Refused& refused) {
  return write_refusal(refused, 4711, base::WallTime(1'704'110'400'123'456us));
}

TEST(RefusalMessage, GivesEveryByteBack) {
  for (const std::string& json : {R"({"a":1})"s, ""s, "{"s, "}"s, kHostile, " {\n}\r\n"s, R"({"x":1,"event":{}})"s}) {
    for (const std::string& oddity : {""s, kHostile, R"(","event":{)"s, "\xc3\xa9\xf0\x9f\x8e\x89"s, "\t\n\x1f\x7f"s}) {
      expect_same(refused(json, oddity), written(refused(json, oddity)));
    }
  }
}

TEST(RefusalMessage, GivesAMebibyteBack) {
  std::string json(1U << 20U, '\0');
  for (std::size_t i = 0; i < json.size(); ++i) json[i] = static_cast<char>(i * 31 % 251);
  expect_same(refused(json), written(refused(json)));
}

TEST(RefusalMessage, OfAnEventInJsonIsJson) {
  simdjson::dom::parser parser;
  const std::string body = written(refused(R"({"a":[1,"x"]})", kHostile));
  simdjson::dom::element element;
  ASSERT_EQ(parser.parse(simdjson::padded_string(body)).get(element), simdjson::SUCCESS) << body;
  EXPECT_EQ(simdjson::minify(element["event"].value()), R"({"a":[1,"x"]})");
}

TEST(RefusalMessage, IsWrittenAsThePageSays) {
  auto given = refused(R"({"a": 1})");
  given.message = "\xff";
  EXPECT_EQ(
      written(given),
      R"({"twinshift_quarantine":1,"number":4711,"target":"primary","event_id":"f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",)"
      R"("id_version":0,"message_id":"m","received_at":-7,"quarantined_at":1704110400123456,"column":"c",)"
      R"("error_class":"e","message_hex":"ff","tries":3,"event_bytes":8,"event":{"a": 1}})");
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(RefusalMessage, TakesNothingElseForOurs) {
  const std::string ours = written(refused(R"({"a":1})"));
  ASSERT_TRUE(read_refusal(ours));
  for (const std::string& foreign : {""s,
                                     "{}"s,
                                     R"({"event_name":"install"})"s,
                                     kHostile,
                                     "\0"s,
                                     ours.substr(0, ours.size() - 1),
                                     " " + ours,
                                     ours.substr(0, ours.find(R"("tries")")),
                                     R"({"twinshift_quarantine":1,"event":{}})"s,
                                     R"({"twinshift_quarantine":,"event":{}})"s,
                                     replaced(ours, R"(quarantine":1)", R"(quarantine":2)"),
                                     replaced(ours, R"(quarantine":1)", R"(quarantine":"1")"),
                                     replaced(ours, "4711", "0"),
                                     replaced(ours, "4711", "-1"),
                                     replaced(ours, "4711", "1e99"),
                                     replaced(ours, R"("tries":3)", R"("tries":-3)"),
                                     replaced(ours, R"("tries":3)", R"("tries":null)"),
                                     replaced(ours, R"("target")", R"("goal")"),
                                     replaced(ours, R"("message":"t")", R"("message_hex":"f")"),
                                     replaced(ours, R"("message":"t")", R"("message_hex":"fg")"),
                                     replaced(ours, R"("message":"t")", R"("x":"t")")}) {
    EXPECT_FALSE(read_refusal(foreign)) << foreign;
  }
}

TEST(RefusalMessage, TakesMembersThatALaterVersionOfTheFormatMayAdd) {
  const std::string ours = written(refused(R"({"a":1})"));
  EXPECT_TRUE(read_refusal(replaced(ours, R"("tries":3)", R"("tries":3,"more":[{}])")));
}

}  // namespace
}  // namespace twinshift::quarantine
