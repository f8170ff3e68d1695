#include "app/person_table.hpp"

#include <fmt/format.h>

#include "app/embedded_target_fixture.hpp"
#include "event/event.hpp"

namespace twinshift::app {
namespace {

using warehouse::EventPlace;

class PersonTableTest : public EmbeddedTargetFixture {
 protected:
  void write(const std::vector<std::string>& events) {
    auto opened = open_warehouse(settings_, settings_.primary);
    ASSERT_TRUE(opened);
    warehouse::Batch batch{"b" + std::to_string(++batches_), {}};
    for (const std::string& json : events) batch.events.push_back(*event::decode_event(json, "m", {}));
    const auto written = (*opened)->write(batch);
    ASSERT_TRUE(written) << written.error().text();
  }
  PersonTable table() { return {"primary", std::move(*open_for_reading(settings_, "primary"))}; }
  std::size_t found(std::string_view where) {
    const auto places = table().find(*parse_person(where));
    EXPECT_TRUE(places) << (places ? "" : places.error().text());
    return places ? places->size() : 999;
  }

  int batches_ = 0;
};

TEST_F(PersonTableTest, FindsByTheColumnAndByWhatStandsInExtraAlone) {
  write({R"({"customer_user_id":"4711"})", R"({"customer_user_id":4711,"n":1})", R"({"customer_user_id":"47110"})",
         R"({"customer_user_id":"o'hara \\ %"})", R"({"idfa":"4711"})",
         R"({"customer_user_id":{"customer_user_id":"4711"}})"});
  EXPECT_EQ(found("customer_user_id=4711"), 2U);
  EXPECT_EQ(found("customer_user_id=o'hara \\ %"), 1U);
  EXPECT_EQ(found("customer_user_id=471"), 0U);
  EXPECT_EQ(found("idfa=4711"), 1U);
  EXPECT_EQ(found("imei=4711"), 0U);
}

// A table without the column, whose `extra` spells field and value in others' events, too.
TEST_F(PersonTableTest, ManyThatAreOthersAreLookedThroughPageByPage) {
  std::vector<std::string> events;
  for (int i = 0; i < 30; ++i) {
    events.push_back(fmt::format(R"({{"af_content":"1","imei":"2","n":{}}})", i));
    events.push_back(fmt::format(R"({{"imei":"1","n":{}}})", i));
  }
  write(events);
  for (const std::string& json : events) {
    execute("UPDATE events SET extra = '" + json + "' WHERE event_id = '" +
            (*event::decode_event(json, "m", {}))->id.hex() + "'");
  }
  execute("ALTER TABLE events RENAME COLUMN imei TO gone");
  PersonTable narrow = table();
  for (const std::size_t page : {4U, 7U, 60U, 61U}) {
    narrow.set_page(page);
    const auto places = narrow.find(*parse_person("imei=1"));
    ASSERT_TRUE(places) << places.error().text();
    EXPECT_EQ(places->size(), 30U) << page;
  }
  narrow.set_page(1);
  EXPECT_EQ(narrow.find(*parse_person("imei=1")).error().kind, base::ErrorKind::full);
}

// The column holds the same beginning of both.
TEST_F(PersonTableTest, ValuesThatAColumnCutsAreToldApart) {
  const std::string long_value(300, 'x');
  write({"{\"idfa\":\"" + long_value + "a\"}", "{\"idfa\":\"" + long_value + "b\"}"});
  EXPECT_EQ(found("idfa=" + long_value + "a"), 1U);
  EXPECT_EQ(found("idfa=" + long_value.substr(0, 255)), 0U);
}

TEST_F(PersonTableTest, ATableWithoutTheColumnHoldsThemInExtra) {
  write({R"({"imei":"1"})"});
  execute("UPDATE events SET extra = '{\"imei\":\"1\"}'");
  execute("ALTER TABLE events RENAME COLUMN imei TO gone");
  EXPECT_EQ(found("imei=1"), 1U);
  EXPECT_EQ(found("imei=2"), 0U);
}

TEST_F(PersonTableTest, ARowThatTellsNoEventIsTheirsWhereTheColumnSaysSo) {
  write({R"({"idfa":"1"})", R"({"imei":"1"})"});
  execute("UPDATE events SET extra = '{\"idfa\" 1' WHERE idfa = '1'");
  execute("UPDATE events SET extra = '{\"idfa\" 1' WHERE imei = '1'");
  EXPECT_EQ(found("idfa=1"), 1U);
}

TEST_F(PersonTableTest, WhatWasErasedIsToldAndATableOfAnOlderVersionHasNone) {
  write({R"({"idfa":"1"})"});
  const auto places = table().find(*parse_person("idfa=1"));
  ASSERT_TRUE(places);
  {
    auto opened = open_warehouse(settings_, settings_.primary);
    ASSERT_TRUE((*opened)->erase(*places));
  }
  EXPECT_EQ(*table().noted(*places), std::set<std::string>{places->front().id.hex()});
  const auto erased = table().erased({});
  ASSERT_TRUE(erased) << erased.error().text();
  ASSERT_EQ(erased->size(), 1U);
  EXPECT_EQ(erased->front().id, places->front().id);
  EXPECT_EQ(erased->front().event_at, places->front().event_at);
  EXPECT_TRUE(table().erased(erased->front().id)->empty()) << "behind the last one";
  execute("DROP TABLE twinshift_erased");
  const auto none = table().erased({});
  ASSERT_TRUE(none) << none.error().text();
  EXPECT_TRUE(none->empty());
  EXPECT_TRUE(table().noted(*places)->empty());
}

}  // namespace
}  // namespace twinshift::app
