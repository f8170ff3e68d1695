// Hostile events through a real database and back: nothing is lost, nothing is executed.
#include <algorithm>

#include "base/random.hpp"
#include "event/row.hpp"
#include "tests/conformance/warehouse_suite.hpp"
#include "tests/support/hostile_events.hpp"
#include "warehouse/event_reader.hpp"

namespace twinshift::warehouse {
namespace {

constexpr std::uint64_t kSeed = 7;
constexpr std::size_t kEvents = 400;
constexpr std::size_t kBatchRows = 100;

class WarehouseHostile : public WarehouseSuite {
 protected:
  // What a driver defers comes again, as delivery does it: each time something is written.
  void write_all(const std::string& id, std::vector<event::EventPtr> events) {
    for (int again = 0; !events.empty(); ++again) {
      const std::string letters = write(id + "-" + std::to_string(again), events);
      ASSERT_NE(letters.find('w'), std::string::npos) << letters;
      std::vector<event::EventPtr> deferred;
      for (std::size_t i = 0; i < events.size(); ++i) {
        EXPECT_TRUE(letters[i] == 'w' || letters[i] == 'l') << letters;
        if (letters[i] == 'l') deferred.push_back(events[i]);
      }
      events = std::move(deferred);
    }
  }
  void expect_back(const std::vector<event::EventPtr>& events) {
    for (std::size_t i = 0; i < events.size(); i += kBatchRows) {
      const auto end = std::min(i + kBatchRows, events.size());
      const std::vector<event::EventPtr> part(events.begin() + static_cast<std::ptrdiff_t>(i),
                                              events.begin() + static_cast<std::ptrdiff_t>(end));
      write_all("b" + std::to_string(i), part);
    }
    std::vector<std::string> ids;
    for (const auto& event : events) ids.push_back(event->id.hex());
    std::ranges::sort(ids);
    EXPECT_EQ(decoded_ids(), ids);  // the table is in order of event_id, hence this compares each row with its event
    expect_read_back(events);
  }
  // The same by the reader, which asks for them by id over a connection that was never prepared.
  void expect_read_back(const std::vector<event::EventPtr>& events) {
    std::vector<EventPlace> places;
    for (const auto& event : events) places.push_back({event->id, event->event_at});
    const event::EventPtr absent = event_of(R"({"never":"written"})");
    places.push_back({absent->id, absent->event_at});
    const auto texts = make_event_reader(bed_->open(), bed_->table(), "twinshift_parts")->read(places);
    ASSERT_TRUE(texts) << texts.error().text();
    ASSERT_EQ(texts->size(), places.size());
    for (std::size_t i = 0; i < events.size(); ++i) {
      ASSERT_TRUE((*texts)[i]) << i;
      EXPECT_EQ(event_of(*(*texts)[i])->id, events[i]->id) << i;
    }
    EXPECT_FALSE(texts->back());
  }
};

std::vector<event::EventPtr> hostile_events(std::uint64_t seed) {
  std::vector<event::EventPtr> events;
  for (std::uint64_t i = 0; i < kEvents; ++i) events.push_back(event_of(tests::hostile_event(seed, i)));
  return events;
}

TEST_P(WarehouseHostile, ComesBackFromAWholeTable) {
  expect_back(hostile_events(kSeed));
}

// Columns of types that would change values: the driver must find out and keep the fields elsewhere.
TEST_P(WarehouseHostile, ComesBackFromTablesOfOtherTypes) {
  const std::vector<std::string> types = bed_->types();
  base::Random random(kSeed);
  std::string sql = "CREATE TABLE " + bed_->table() + " (mine TEXT";
  for (const event::Column& column : event::catalogue()) {
    if (random.below(3) == 0) continue;
    sql += ",\"" + std::string(column.name) + "\" " + types[random.below(types.size())];
  }
  ASSERT_TRUE(bed_->execute(sql + ")"));
  expect_back(hostile_events(kSeed + 1));
}

TEST_P(WarehouseHostile, TakesTextsAsTexts) {
  const std::string drop = "x'); DROP TABLE " + bed_->table() + "; --";
  std::string quoted;
  for (const char c : drop) quoted += c == '"' ? std::string("\\\"") : std::string(1, c);
  expect_back({event_of("{\"campaign\":\"" + quoted + "\"}"), event_of("{\"" + quoted + "\":1}"),
               event_of(R"({"campaign":"a\u0000b"})"), event_of(R"({"campaign":"\ud83d\ude00 \\ ' \" %s ?1 $1"})"),
               event_of(R"({"campaign":"\ud800"})"), event_of(R"({"a\u0000b":"c"})")});
}

TEST_P(WarehouseHostile, TakesAMebibyte) {
  const std::string large(1U << 20U, 'x');
  expect_back({event_of(R"({"campaign":")" + large + "\"}"), event_of(R"({"unknown":")" + large + "\"}"),
               event_of(R"({"event_value":")" + large + "\"}")});
}

INSTANTIATE_TEST_SUITE_P(Drivers, WarehouseHostile, testing::ValuesIn(drivers_under_test()),
                         [](const auto& driver) { return std::string(driver.param.name); });

}  // namespace
}  // namespace twinshift::warehouse
