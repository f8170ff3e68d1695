// What the quarantine in a queue keeps, and how it is read and removed: over a queue in memory and the embedded one.
// Failures, bounds, several processes: queue_quarantine_trouble_test.
#include "quarantine/drivers/queue/queue_quarantine.hpp"

#include <chrono>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quarantine/drivers/queue/queue_quarantine_fixture.hpp"
#include "tests/conformance/queue_testbed.hpp"

namespace twinshift::quarantine {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

// The queue's testbed is destroyed after everything that uses the queue.
struct Bed {
  explicit Bed(const std::string& kind) {
    if (kind == "sqlite") testbed = queue::make_sqlite_queue_testbed();
  }
  std::shared_ptr<queue::EventQueue> make_queue() {
    if (testbed) return testbed->open({});
    return std::make_shared<tests::FakeQueue>();
  }
  std::unique_ptr<queue::QueueTestbed> testbed;
};

class QueueQuarantineTest : private Bed,
                            public QueueQuarantineFixture,
                            public ::testing::WithParamInterface<const char*> {
 protected:
  QueueQuarantineTest() : Bed(GetParam()), QueueQuarantineFixture(make_queue()) {}
  void SetUp() override { open(); }
};

INSTANTIATE_TEST_SUITE_P(Queues, QueueQuarantineTest, ::testing::Values("fake", "sqlite"));

// NUL, bytes that are no UTF-8, quotes.
const std::string kHostile = "\0\xff\xc3'\"},\"event\":\0"s;

TEST_P(QueueQuarantineTest, GivesEveryByteBack) {
  auto event = std::make_shared<event::Event>();
  for (std::size_t i = 0; i < event->id.bytes.size(); ++i) event->id.bytes[i] = static_cast<std::uint8_t>(0xf0 + i);
  event->received_at = base::WallTime(-7us);
  event->message_id = "m" + kHostile;
  event->json = "{" + kHostile + std::string(1U << 20U, '\xfe');
  const std::string json = event->json;
  ASSERT_TRUE(put(*quarantine_, {{"primary", std::move(event), "c" + kHostile, "e" + kHostile, "t" + kHostile, 3}}));
  const auto found = records();
  ASSERT_THAT(found, SizeIs(1));
  const Record& record = found[0];
  EXPECT_GT(record.id, 0);
  EXPECT_EQ(record.target, "primary");
  EXPECT_EQ(record.event_id, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
  EXPECT_EQ(record.id_version, event::kIdentityVersion);
  EXPECT_EQ(record.message_id, "m" + kHostile);
  EXPECT_EQ(record.received_at, base::WallTime(-7us));
  EXPECT_EQ(record.quarantined_at, clock_.now());
  EXPECT_TRUE(record.json == json);
  EXPECT_EQ(record.json_bytes, json.size());
  EXPECT_EQ(record.column, "c" + kHostile);
  EXPECT_EQ(record.error_class, "e" + kHostile);
  EXPECT_EQ(record.message, "t" + kHostile);
  EXPECT_EQ(record.tries, 3U);
  EXPECT_FALSE(record.both_sides);
}

TEST_P(QueueQuarantineTest, ASecondRefusalUpdatesTheOneRecord) {
  ASSERT_TRUE(put(*quarantine_, {{"primary", event_of(1, R"({"a":1})"), "old", "old", "old", 2}}));
  const auto first = records();
  clock_.advance(1h);
  ASSERT_TRUE(put(*quarantine_, {{"primary", event_of(1, R"({"a": 1})"), "new", "23502", "is null", 5}}));
  const auto found = records();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(ids_of(found), ids_of(first));
  EXPECT_EQ(found[0].tries, 7U);
  EXPECT_EQ(found[0].quarantined_at, clock_.now());
  EXPECT_EQ(found[0].column, "new");
  EXPECT_EQ(found[0].json, R"({"a":1})") << "the event stays as it was first received";
}

TEST_P(QueueQuarantineTest, TellsWhatBothSidesRefused) {
  ASSERT_TRUE(put(*quarantine_, {refused("primary", event_of(1)), refused("primary", event_of(2))}));
  ASSERT_TRUE(put(*quarantine_, {refused("secondary", event_of(1))}));
  const auto one_side = records({.target = "secondary"});
  ASSERT_THAT(one_side, SizeIs(1));
  EXPECT_TRUE(one_side[0].both_sides);
  EXPECT_EQ(remove(*quarantine_, tickets_of(one_side)).value(), 1U);
  for (const Record& record : records()) EXPECT_FALSE(record.both_sides) << record.id;
}

TEST_P(QueueQuarantineTest, KeepsItsRecordsAcrossReopening) {
  fill("primary", 3);
  fill("secondary", 1);
  const auto before = records();
  open();
  EXPECT_THAT(quarantine_->status().records, ElementsAre(Pair("primary", 3), Pair("secondary", 1)));
  EXPECT_EQ(ids_of(records()), ids_of(before)) << "numbers are the same in every process";
}

TEST_P(QueueQuarantineTest, StatusCountsByTarget) {
  EXPECT_THAT(quarantine_->status().records, IsEmpty());
  fill("primary", 3);
  fill("secondary", 1);
  fill("secondary", 1);
  EXPECT_THAT(quarantine_->status().records, ElementsAre(Pair("primary", 3), Pair("secondary", 1)));
  EXPECT_FALSE(quarantine_->status().trouble);
  ASSERT_TRUE(remove(*quarantine_, tickets_of(records({.target = "secondary"}))));
  EXPECT_THAT(quarantine_->status().records, ElementsAre(Pair("primary", 3)));
}

TEST_P(QueueQuarantineTest, ARecordRefusedAgainIsNotRemoved) {
  fill("primary", 2);
  const auto as_read = records();
  fill("primary", 1);
  EXPECT_EQ(remove(*quarantine_, tickets_of(as_read)).value(), 1U);
  const auto found = records();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].id, as_read[0].id);
  EXPECT_EQ(found[0].tries, 2U);
  EXPECT_EQ(remove(*quarantine_, tickets_of(found)).value(), 1U) << "both its refusals go";
  EXPECT_THAT(records(), IsEmpty());
  EXPECT_EQ(queue_->status().depth, 0U);
}

TEST_P(QueueQuarantineTest, RemoveCountsWhatWent) {
  fill("primary", 3);
  const auto tickets = tickets_of(records());
  EXPECT_EQ(remove(*quarantine_, {}).value(), 0U);
  EXPECT_EQ(remove(*quarantine_, {tickets[0], tickets[0], {4711, 1}, tickets[2]}).value(), 2U);
  EXPECT_EQ(remove(*quarantine_, {tickets[0]}).value(), 0U);
  EXPECT_THAT(ids_of(records()), ElementsAre(tickets[1].id));
}

TEST_P(QueueQuarantineTest, AnOldTicketNamesNoNewRecord) {
  fill("primary", 1);
  const auto before = records();
  ASSERT_EQ(remove(*quarantine_, tickets_of(before)).value(), 1U);
  fill("primary", 1);
  EXPECT_EQ(remove(*quarantine_, tickets_of(before)).value(), 0U);
  const auto after = records();
  ASSERT_THAT(after, SizeIs(1));
  EXPECT_GT(after[0].id, before[0].id);
}

TEST_P(QueueQuarantineTest, IsReadInPages) {
  fill("primary", 5);
  auto reader = this->reader();
  const auto all = ids_of(reader->read({}).value());
  ASSERT_THAT(all, SizeIs(5));
  const int openings = openings_;
  EXPECT_THAT(ids_of(reader->read({.records_max = 2}).value()), ElementsAre(all[0], all[1]));
  EXPECT_THAT(ids_of(reader->read({.after_id = all[1], .records_max = 2}).value()), ElementsAre(all[2], all[3]));
  EXPECT_THAT(ids_of(reader->read({.after_id = all[3], .records_max = 2}).value()), ElementsAre(all[4]));
  EXPECT_THAT(reader->read({.after_id = all[4]}).value(), IsEmpty());
  EXPECT_THAT(reader->read({.records_max = 0}).value(), IsEmpty());
  EXPECT_THAT(ids_of(reader->read({.after_id = all[0], .until_id = all[2]}).value()), ElementsAre(all[1], all[2]));
  EXPECT_THAT(ids_of(reader->read({.records_max = 2, .newest_first = true}).value()), ElementsAre(all[4], all[3]));
  EXPECT_THAT(ids_of(reader->read({.until_id = all[1], .newest_first = true}).value()), ElementsAre(all[1], all[0]));
  for (const std::int64_t id : all) EXPECT_TRUE(reader->find(id)) << id;
  EXPECT_EQ(openings_, openings) << "one sweep serves them all";
}

TEST_P(QueueQuarantineTest, APageEndsWhereItsEventsPassItsBytes) {
  fill("primary", 3, std::string(100, 'x'));
  EXPECT_THAT(records({.json_bytes_max = 0}), SizeIs(1)) << "one at least, or nobody would come past a large event";
  EXPECT_THAT(records({.json_bytes_max = 100}), SizeIs(1));
  EXPECT_THAT(records({.json_bytes_max = 101}), SizeIs(2));
  EXPECT_THAT(records({.json_bytes_max = 1'000}), SizeIs(3));
  const auto bare = records({.json_bytes_max = 100, .with_json = false});
  ASSERT_THAT(bare, SizeIs(3)) << "events that are left out fill no page";
  EXPECT_EQ(bare[2].json, "");
  EXPECT_EQ(bare[2].json_bytes, 100U);
  EXPECT_EQ(bare[2].column, "revenue");
}

TEST_P(QueueQuarantineTest, IsReadByTargetAndEvent) {
  fill("primary", 2);
  fill("secondary", 3);
  const std::string second = event_of(2)->id.hex();
  EXPECT_THAT(records({.target = "primary"}), SizeIs(2));
  EXPECT_THAT(records({.target = "elsewhere"}), IsEmpty());
  EXPECT_THAT(records({.event_id = second}), SizeIs(2));
  EXPECT_THAT(records({.target = "secondary", .event_id = second}), SizeIs(1));
}

TEST_P(QueueQuarantineTest, FindsOneRecord) {
  fill("primary", 3, R"({"a":1})");
  const auto all = records();
  const auto found = reader()->find(all[1].id);
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_EQ(found->event_id, all[1].event_id);
  EXPECT_EQ(found->json, R"({"a":1})");
  for (const std::int64_t id : {std::int64_t{0}, std::int64_t{-1}, all[2].id + 1,
                                std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    const auto none = reader()->find(id);
    ASSERT_FALSE(none) << id;
    EXPECT_EQ(none.error().kind, base::ErrorKind::not_found) << none.error().text();
  }
}

TEST_P(QueueQuarantineTest, LeavesForeignMessagesAlone) {
  const std::vector<std::string> foreign = {"", R"({"event_name":"install"})", kHostile,
                                            R"({"twinshift_quarantine":2,"event":{}})"};
  for (const std::string& body : foreign) {
    queue_->enqueue({body, "m", {}}, [](const base::Status& status) { EXPECT_TRUE(status); });
  }
  fill("primary", 2);
  const auto found = records();
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(remove(*quarantine_, tickets_of(found)).value(), 2U);
  EXPECT_THAT(records(), IsEmpty());
  EXPECT_EQ(queue_->status().depth, foreign.size());
}

TEST_P(QueueQuarantineTest, EventsThatDoNotFitIntoMemoryAreFetchedByFurtherSweeps) {
  std::vector<Refused> events;
  for (std::uint8_t i = 1; i <= 9; ++i)
    events.push_back(refused("primary", event_of(i, std::string(100, static_cast<char>('0' + i)))));
  ASSERT_TRUE(put(*quarantine_, std::move(events)));
  reader_options_.json_bytes_max = 300;
  for (const bool newest_first : {false, true}) {
    auto reader = this->reader();
    const int openings = openings_;
    const auto found = reader->read({.newest_first = newest_first}).value();
    ASSERT_THAT(found, SizeIs(9));
    for (const Record& record : found)
      EXPECT_TRUE(record.json == std::string(100, static_cast<char>('0' + record.event_id.back() - '0')));
    EXPECT_LE(openings_ - openings, 1 + 3 + 1) << "three events a sweep";
  }
  auto reader = this->reader();
  const auto ids = ids_of(reader->read({.with_json = false}).value());
  const int openings = openings_;
  for (const std::int64_t id : ids) EXPECT_EQ(reader->find(id)->json.size(), 100U);
  EXPECT_LE(openings_ - openings, 3) << "a sweep fetches what the next calls ask for, too";
}

TEST_P(QueueQuarantineTest, AnEventLargerThanTheReadersMemoryIsReadAllTheSame) {
  fill("primary", 3, std::string(1'000, 'x'));
  reader_options_.json_bytes_max = 10;
  auto reader = this->reader();
  const auto found = reader->read({}).value();
  ASSERT_THAT(found, SizeIs(3));
  for (const Record& record : found) EXPECT_EQ(record.json.size(), 1'000U);
}

TEST_P(QueueQuarantineTest, WhatWentAfterTheFirstLookIsLeftOut) {
  fill("primary", 4, std::string(100, 'x'));
  reader_options_.json_bytes_max = 100;
  auto reader = this->reader();
  const auto all = reader->read({.with_json = false}).value();
  ASSERT_THAT(all, SizeIs(4));
  ASSERT_EQ(remove(*quarantine_, {{all[1].id, 1}, {all[2].id, 1}}).value(), 2U);
  EXPECT_THAT(ids_of(reader->read({}).value()), ElementsAre(all[0].id, all[3].id));
  EXPECT_FALSE(reader->find(all[1].id));
}

}  // namespace
}  // namespace twinshift::quarantine
