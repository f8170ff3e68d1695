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

class QueueQuarantineTest : public QueueQuarantineFixture {
 protected:
  void SetUp() override { open(); }
};

TEST_F(QueueQuarantineTest, NoMessageIsLeftOfWhatWasRemoved) {
  fill("primary", 2);
  fill("primary", 1);
  EXPECT_EQ(queue_->status().depth, 3U) << "a message a refusal";
  EXPECT_EQ(remove(*quarantine_, tickets_of(records())).value(), 2U);
  EXPECT_EQ(queue_->status().depth, 0U);
}

TEST_F(QueueQuarantineTest, CountsTheMessagesOfAnEventBesideItsRecord) {
  for (std::uint8_t event = 1; event <= 2; ++event) {
    for (const auto arrival : {1h, 2h, 1h}) {
      ASSERT_TRUE(put(*quarantine_, {refused("primary", event_at(event, base::WallTime(arrival)))}));
    }
  }
  EXPECT_THAT(quarantine_->status().records, ElementsAre(Pair("primary", 2)));
  EXPECT_THAT(quarantine_->status().messages, ElementsAre(Pair("primary", 4)));
  const auto found = records();
  ASSERT_THAT(found, SizeIs(2));
  ASSERT_EQ(remove(*quarantine_, {{found[0].id, found[0].tries}}).value(), 1U);
  EXPECT_THAT(quarantine_->status().messages, ElementsAre(Pair("primary", 2))) << "as the sweep has found them";
}

TEST_F(QueueQuarantineTest, OneSweepServesAllPages) {
  fill("primary", 5);
  auto reader = this->reader();
  const auto all = ids_of(reader->read({}).value());
  ASSERT_THAT(all, SizeIs(5));
  const int openings = openings_;
  EXPECT_THAT(ids_of(reader->read({.records_max = 2}).value()), ElementsAre(all[0], all[1]));
  EXPECT_THAT(ids_of(reader->read({.records_max = 2, .newest_first = true}).value()), ElementsAre(all[4], all[3]));
  for (const std::int64_t id : all) EXPECT_TRUE(reader->find(id)) << id;
  EXPECT_EQ(openings_, openings);
}

TEST_F(QueueQuarantineTest, LeavesForeignMessagesAlone) {
  const std::vector<std::string> foreign = {"", R"({"event_name":"install"})", "\0\xff\xc3'\"},\"event\":\0"s,
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

TEST_F(QueueQuarantineTest, EventsThatDoNotFitIntoMemoryAreFetchedByFurtherSweeps) {
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

TEST_F(QueueQuarantineTest, AnEventLargerThanTheReadersMemoryIsReadAllTheSame) {
  fill("primary", 3, std::string(1'000, 'x'));
  reader_options_.json_bytes_max = 10;
  auto reader = this->reader();
  const auto found = reader->read({}).value();
  ASSERT_THAT(found, SizeIs(3));
  for (const Record& record : found) EXPECT_EQ(record.json.size(), 1'000U);
}

TEST_F(QueueQuarantineTest, WhatWentAfterTheFirstLookIsLeftOut) {
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
