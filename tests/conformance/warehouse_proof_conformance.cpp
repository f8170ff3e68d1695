// Every driver and dialect gives the same digests for the same events, names the same ids and tells the same rows: what
// `verify` rests on where two targets are of different kinds.
#include <algorithm>
#include <set>
#include <utility>

#include "event/identity.hpp"
#include "event/sample.hpp"
#include "proof/side.hpp"
#include "proof/soundness.hpp"
#include "proof/verifier.hpp"
#include "tests/conformance/warehouse_suite.hpp"

namespace twinshift::warehouse {
namespace {

using namespace std::chrono_literals;
using proof::Digests;

constexpr base::WallTime kAround{std::chrono::hours(480'000)};
constexpr std::chrono::seconds kWindow{3'600};
const std::vector<proof::Span> kAll{proof::kAllTimes};

class WarehouseProof : public WarehouseSuite {
 protected:
  WarehouseProof() {
    EXPECT_TRUE(warehouse_->prepare());
    for (std::uint64_t i = 0; i < 60; ++i) {
      events_.push_back(event_of(event::sample_event(7, i, kAround - std::chrono::hours(i % 5))));
    }
    // Without a time, before 1970 as a number, with what columns cannot hold, and of the last moment.
    for (const char* json : {R"({"n":1})", R"({"event_time":"-5","n":2})", R"({"event_name":"\u0000\ud800","n":3})",
                             R"({"event_time":"2099-12-31 23:59:59.999999","n":4})",
                             R"({"event_time":"2026-03-29 01:59:59.999999","n":5})"}) {
      events_.push_back(event_of(json));
    }
    write("proof", events_);
    side_ = proof::make_side("primary", bed_->open());
  }

  [[nodiscard]] Digests expected(std::chrono::seconds window) const {
    Digests digests;
    for (const event::EventPtr& event : events_) digests[proof::window_of(event->event_at, window)].add(event->key);
    return digests;
  }
  [[nodiscard]] std::vector<std::string> ids() const {
    std::vector<std::string> ids;
    for (const event::EventPtr& event : events_) ids.push_back(event->id.hex());
    std::ranges::sort(ids);
    return ids;
  }

  std::vector<event::EventPtr> events_;
  std::unique_ptr<proof::Side> side_;
};

TEST_P(WarehouseProof, DigestsAreThoseOfTheEvents) {
  for (const std::chrono::seconds window : {kWindow, 60s, 1s, 7 * 86'400s}) {
    const auto digests = side_->windows(kAll, window);
    ASSERT_TRUE(digests) << digests.error().text();
    EXPECT_EQ(*digests, expected(window)) << window.count() << " s";
  }
  Digests parts;
  for (const event::EventPtr& event : events_)
    parts[event->key >> (proof::kKeyBits - proof::kSplitBits)].add(event->key);
  const auto by_key = side_->parts({.spans = kAll});
  ASSERT_TRUE(by_key) << by_key.error().text();
  EXPECT_EQ(*by_key, parts);
}

TEST_P(WarehouseProof, ARangeIsCutToTheMicrosecond) {
  const event::Event& last = *events_[events_.size() - 2];
  const auto without = side_->extent({base::WallTime{}, last.event_at});
  ASSERT_TRUE(without && *without) << (without ? "" : without.error().text());
  EXPECT_LT((*without)->to, last.event_at);
  const auto with = side_->extent(kAll[0]);
  ASSERT_TRUE(with && *with);
  EXPECT_EQ((*with)->from, base::WallTime{});
  EXPECT_EQ((*with)->to, last.event_at + 1us);
}

TEST_P(WarehouseProof, ListsAndLooksUpEveryId) {
  auto listed = side_->list({.spans = kAll});
  ASSERT_TRUE(listed) << listed.error().text();
  std::vector<std::string> found;
  for (const proof::Listed& row : *listed) {
    found.push_back(row.id);
    EXPECT_EQ(row.copies, 1);
  }
  std::ranges::sort(found);
  EXPECT_EQ(found, ids());
  const auto by_key = side_->list({.spans = kAll, .keys = {events_[5]->key, events_[6]->key}});
  ASSERT_TRUE(by_key && by_key->size() == 2) << (by_key ? "" : by_key.error().text());
  listed->push_back({.id = std::string(32, '0'), .event_at = kAround});
  for (const proof::Where where : {proof::Where::at_their_time, proof::Where::anywhere}) {
    const auto present = side_->present(*listed, where);
    ASSERT_TRUE(present) << present.error().text();
    EXPECT_EQ(present->size(), events_.size());
  }
}

TEST_P(WarehouseProof, EveryRowIsSound) {
  const auto rows = side_->rows({.spans = kAll}, 1'000);
  ASSERT_TRUE(rows) << rows.error().text();
  ASSERT_EQ(rows->size(), events_.size());
  for (const StoredEvent& row : *rows) {
    const proof::Soundness sound = proof::soundness_of(row, true);
    EXPECT_EQ(sound.fault, proof::Fault::none) << row.text.value_or("(nothing)") << ": " << sound.columns;
  }
}

TEST_P(WarehouseProof, AValueThatSomebodyChangedIsSeen) {
  const std::string id = events_[3]->id.hex();
  const auto done = bed_->execute("UPDATE " + bed_->table() + " SET campaign = 'x' WHERE event_id = '" + id + "'");
  ASSERT_TRUE(done) << done.error().text();
  const auto rows = side_->rows_of({{{.id = id, .event_at = events_[3]->event_at}}}, proof::Where::at_their_time);
  ASSERT_TRUE(rows && rows->size() == 1);
  EXPECT_EQ(proof::soundness_of(rows->front(), true).fault, proof::Fault::content);
  EXPECT_EQ(proof::differing_fields(rows->front().text.value_or(""), events_[3]->json), "campaign");
}

TEST_P(WarehouseProof, RowsAtATimeThatNoEventHasAreASliceOfTheirOwn) {
  const proof::Slice outside{.outside = true};
  const auto none = side_->parts(outside);
  ASSERT_TRUE(none) << none.error().text();
  EXPECT_TRUE(none->empty());
  for (const auto& [index, time] : {std::pair(3, "1969-12-31 23:59:59"), std::pair(4, "2150-01-01 00:00:00")}) {
    const auto done = bed_->execute("UPDATE " + bed_->table() + " SET event_at = '" + time + "' WHERE event_id = '" +
                                    events_[static_cast<std::size_t>(index)]->id.hex() + "'");
    ASSERT_TRUE(done) << done.error().text();
  }
  const auto listed = side_->list(outside);
  ASSERT_TRUE(listed && listed->size() == 2);
  EXPECT_TRUE(listed->front().outside);
  EXPECT_EQ(side_->present(*listed, proof::Where::at_their_time)->size(), 2U);
  const auto rows = side_->rows(outside, 10);
  ASSERT_TRUE(rows && rows->size() == 2);
  EXPECT_EQ(proof::soundness_of(rows->front(), true).columns, "event_at");
}

TEST_P(WarehouseProof, DoublesAreFoundWhereNoIndexForbidsThem) {
  const auto none = side_->doubles({.spans = kAll});
  ASSERT_TRUE(none) << none.error().text();
  EXPECT_TRUE(none->empty());
  const std::string id = events_[9]->id.hex();
  const auto doubled = bed_->execute("INSERT INTO " + bed_->table() + " SELECT * FROM " + bed_->table() +
                                     " WHERE event_id = '" + id + "'");
  const auto found = side_->doubles({.spans = kAll});
  ASSERT_TRUE(found) << found.error().text();
  // SQLite and PostgreSQL refuse it; Redshift does not.
  EXPECT_EQ(found->size(), doubled ? 1U : 0U);
}

TEST_P(WarehouseProof, OneThatStandsThereVeryOftenHidesNoOther) {
  // By id and by place one stands before it and one behind, in whatever order the table is read.
  const auto first = *std::ranges::min_element(events_, {}, [](const auto& event) { return event->id; });
  event::EventPtr often = event_of(R"({"event_name":"one"})");
  event::EventPtr late = event_of(R"({"event_name":"another"})");
  if (late->id < often->id) std::swap(often, late);
  ASSERT_LT(first->id, often->id);
  write("often", {often});
  const std::string again = "INSERT INTO " + bed_->table() + " SELECT * FROM " + bed_->table() + " WHERE event_id = '" +
                            often->id.hex() + "'";
  for (int i = 0; i < 5; ++i) {
    if (!bed_->execute(again)) GTEST_SKIP() << "its unique index forbids them";
  }
  write("late", {late});
  std::vector<proof::Listed> asked;
  for (const auto& event : {first, often, late}) asked.push_back({.id = event->id.hex(), .event_at = event->event_at});
  const auto rows = side_->rows_of(asked, proof::Where::anywhere);
  ASSERT_TRUE(rows) << rows.error().text();
  for (const proof::Listed& each : asked) {
    EXPECT_GE(std::ranges::count(*rows, each.id, &StoredEvent::id), 1) << each.id;
  }
}

TEST_P(WarehouseProof, WhatIsNotedAsErasedIsTold) {
  std::vector<proof::Listed> asked;
  for (const std::size_t index : {3U, 4U, 5U}) asked.push_back({.id = events_[index]->id.hex()});
  auto noted = side_->erased(asked);
  ASSERT_TRUE(noted) << noted.error().text();
  EXPECT_TRUE(noted->empty());
  const std::vector<EventPlace> places{{events_[4]->id, events_[4]->event_at}, {events_[6]->id, events_[6]->event_at}};
  const auto done = warehouse_->erase(places);
  ASSERT_TRUE(done) << done.error().text();
  noted = proof::make_side("primary", bed_->open())->erased(asked);
  ASSERT_TRUE(noted) << noted.error().text();
  EXPECT_EQ(*noted, std::set<std::string>{events_[4]->id.hex()});
}

INSTANTIATE_TEST_SUITE_P(Drivers, WarehouseProof, testing::ValuesIn(drivers_under_test()),
                         [](const auto& driver) { return std::string(driver.param.name); });

}  // namespace
}  // namespace twinshift::warehouse
