// What every quarantine driver must do, tried on each row of the driver table: what it keeps, counts and removes.
#include <chrono>
#include <cstddef>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/conformance/quarantine_suite.hpp"

namespace twinshift::quarantine {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using base::ErrorKind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

class QuarantineConformance : public QuarantineSuite {};

INSTANTIATE_TEST_SUITE_P(Drivers, QuarantineConformance, ::testing::ValuesIn(drivers_under_test()), name_of);

// NUL, bytes that are no UTF-8, quotes of SQL and JSON.
const std::string kHostile = "\0\xff\xc3'\"); DROP TABLE quarantine; --\"},\"event\":\0"s;

Refused hostile_refusal() {
  auto event = std::make_shared<event::Event>();
  for (std::size_t i = 0; i < event->id.bytes.size(); ++i) event->id.bytes[i] = static_cast<std::uint8_t>(0xf0 + i);
  event->id_version = event::kIdentityMinted;
  event->received_at = base::WallTime(-7us);
  event->message_id = "m" + kHostile;
  event->json = "{" + kHostile + std::string(1U << 20U, '\xfe');
  return {"primary", std::move(event), "c" + kHostile, "e" + kHostile, "t" + kHostile, 3};
}

TEST_P(QuarantineConformance, GivesEveryByteBack) {
  const Refused given = hostile_refusal();
  ASSERT_TRUE(put(*quarantine_, {given}));
  const auto found = records();
  ASSERT_THAT(found, SizeIs(1));
  const Record& record = found[0];
  EXPECT_GT(record.id, 0);
  EXPECT_EQ(record.target, "primary");
  EXPECT_EQ(record.event_id, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
  EXPECT_EQ(record.id_version, event::kIdentityMinted);
  EXPECT_EQ(record.message_id, "m" + kHostile);
  EXPECT_EQ(record.received_at, base::WallTime(-7us));
  EXPECT_EQ(record.quarantined_at, bed_->clock().now());
  EXPECT_TRUE(record.json == given.event->json);
  EXPECT_EQ(record.json_bytes, given.event->json.size());
  EXPECT_EQ(record.column, "c" + kHostile);
  EXPECT_EQ(record.error_class, "e" + kHostile);
  EXPECT_EQ(record.message, "t" + kHostile);
  EXPECT_EQ(record.tries, 3U);
  EXPECT_FALSE(record.both_sides);
}

TEST_P(QuarantineConformance, EmptyTextsAreKeptAsSuch) {
  ASSERT_TRUE(put(*quarantine_, {{"primary", event_of(1, ""), "", "", ""}}));
  const auto found = records();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].column + found[0].error_class + found[0].message + found[0].message_id + found[0].json, "");
  EXPECT_EQ(found[0].json_bytes, 0U);
}

TEST_P(QuarantineConformance, NothingIsKeptAtOnce) {
  EXPECT_TRUE(put(*quarantine_, {}));
  EXPECT_THAT(records(), IsEmpty());
}

TEST_P(QuarantineConformance, ASecondRefusalUpdatesTheOneRecord) {
  ASSERT_TRUE(put(*quarantine_, {{"primary", event_of(1, R"({"a":1})"), "old", "old", "old", 2}}));
  const auto first = records();
  bed_->clock().advance(1h);
  ASSERT_TRUE(put(*quarantine_, {{"primary", event_of(1, R"({"a": 1})"), "new", "23502", "is null", 5}}));
  const auto found = records();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(ids_of(found), ids_of(first));
  EXPECT_EQ(found[0].tries, 7U);
  EXPECT_EQ(found[0].quarantined_at, bed_->clock().now());
  EXPECT_EQ(found[0].column, "new");
  EXPECT_EQ(found[0].error_class, "23502");
  EXPECT_EQ(found[0].message, "is null");
  EXPECT_EQ(found[0].json, R"({"a":1})") << "the event stays as it was first received";
}

TEST_P(QuarantineConformance, TwoRefusalsInOnePutAreOneRecord) {
  ASSERT_TRUE(put(*quarantine_, {refused("primary", event_of(1)), refused("primary", event_of(1))}));
  const auto found = records();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].tries, 2U);
}

TEST_P(QuarantineConformance, ARecordTellsEveryMessageOfItsEventOnce) {
  const base::WallTime first(1'000us);
  const base::WallTime earlier(500us);
  const base::WallTime later(9h);
  for (const base::WallTime arrival : {first, later, first, later, earlier, later}) {
    ASSERT_TRUE(put(*quarantine_, {refused("primary", event_at(1, arrival))}));
  }
  ASSERT_TRUE(put(*quarantine_, {refused("secondary", event_at(1, later)), refused("primary", event_at(2, later))}));
  open();
  for (const bool with_json : {true, false}) {
    const auto found = records({.with_json = with_json});
    ASSERT_THAT(found, SizeIs(3));
    EXPECT_EQ(found[0].received_at, first);
    EXPECT_EQ(found[0].tries, 6U);
    EXPECT_THAT(found[0].further_arrivals, ElementsAre(arrival_at(earlier), arrival_at(later)))
        << "distinct, ascending, without its own";
    EXPECT_THAT(found[1].further_arrivals, IsEmpty()) << "another target's messages are its own";
    EXPECT_THAT(found[2].further_arrivals, IsEmpty());
  }
}

TEST_P(QuarantineConformance, ARemovedRecordLeavesNoMessageBehind) {
  const auto refuse_at = [this](base::WallTime arrival) {
    ASSERT_TRUE(put(*quarantine_, {refused("primary", event_at(1, arrival))}));
  };
  refuse_at(base::WallTime(1h));
  refuse_at(base::WallTime(2h));
  const auto as_read = records();
  refuse_at(base::WallTime(3h));
  EXPECT_EQ(remove(*quarantine_, tickets_of(as_read)).value(), 0U);
  const auto found = records();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_THAT(found[0].further_arrivals, ElementsAre(arrival_at(base::WallTime(2h)), arrival_at(base::WallTime(3h))))
      << "none went alone";
  ASSERT_EQ(remove(*quarantine_, tickets_of(found)).value(), 1U);
  bed_->clock().advance(1ms);
  refuse_at(base::WallTime(1h));
  const auto anew = records();
  ASSERT_THAT(anew, SizeIs(1));
  EXPECT_THAT(anew[0].further_arrivals, IsEmpty());
}

TEST_P(QuarantineConformance, TellsNoMoreMessagesThanItsBound) {
  std::vector<Refused> all;
  for (std::size_t i = 0; i < kFurtherArrivalsMax + 2; ++i) {
    all.push_back(refused("primary", event_at(1, base::WallTime(1us * static_cast<std::int64_t>(i)))));
  }
  ASSERT_TRUE(put(*quarantine_, std::move(all)));
  const auto found = records({.with_json = false});
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_THAT(found[0].further_arrivals, SizeIs(kFurtherArrivalsMax));
  EXPECT_EQ(found[0].tries, kFurtherArrivalsMax + 2);
}

TEST_P(QuarantineConformance, TellsWhatBothSidesRefused) {
  ASSERT_TRUE(put(*quarantine_, {refused("primary", event_of(1)), refused("primary", event_of(2))}));
  ASSERT_TRUE(put(*quarantine_, {refused("secondary", event_of(1))}));
  for (const Record& record : records()) EXPECT_EQ(record.both_sides, record.event_id.ends_with("01")) << record.id;
  const auto one_side = records({.target = "secondary"});
  ASSERT_THAT(one_side, SizeIs(1));
  EXPECT_TRUE(one_side[0].both_sides) << "the other record counts where the query leaves it out, too";
  EXPECT_EQ(remove(*quarantine_, tickets_of(one_side)).value(), 1U);
  for (const Record& record : records()) EXPECT_FALSE(record.both_sides) << record.id;
}

TEST_P(QuarantineConformance, KeepsItsRecordsAcrossReopening) {
  ASSERT_TRUE(put(*quarantine_, {hostile_refusal(), refused("secondary", event_of(1))}));
  const auto before = records();
  open();
  EXPECT_THAT(quarantine_->status().records, ElementsAre(Pair("primary", 1), Pair("secondary", 1)));
  EXPECT_EQ(ids_of(records()), ids_of(before)) << "numbers are the same in every process";
  ASSERT_TRUE(put(*quarantine_, {hostile_refusal()}));
  const auto again = records({.target = "primary"});
  ASSERT_THAT(again, SizeIs(1));
  EXPECT_EQ(again[0].tries, 6U);
}

TEST_P(QuarantineConformance, StatusCountsByTarget) {
  EXPECT_THAT(quarantine_->status().records, IsEmpty());
  fill("primary", 3);
  fill("secondary", 1);
  fill("secondary", 1);
  EXPECT_THAT(quarantine_->status().records, ElementsAre(Pair("primary", 3), Pair("secondary", 1)));
  EXPECT_FALSE(quarantine_->status().trouble);
  ASSERT_TRUE(remove(*quarantine_, tickets_of(records({.target = "secondary"}))));
  EXPECT_THAT(quarantine_->status().records, ElementsAre(Pair("primary", 3)));
}

TEST_P(QuarantineConformance, ARecordRefusedAgainIsNotRemoved) {
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
}

TEST_P(QuarantineConformance, RemoveCountsWhatWent) {
  fill("primary", 3);
  const auto tickets = tickets_of(records());
  EXPECT_EQ(remove(*quarantine_, {}).value(), 0U);
  EXPECT_EQ(remove(*quarantine_, {tickets[0], tickets[0], {4711, 1}, tickets[2]}).value(), 2U);
  EXPECT_EQ(remove(*quarantine_, {tickets[0]}).value(), 0U);
  EXPECT_THAT(ids_of(records()), ElementsAre(tickets[1].id));
}

TEST_P(QuarantineConformance, AnOldTicketNamesNoNewRecord) {
  fill("primary", 2);
  const auto before = records();
  ASSERT_EQ(remove(*quarantine_, tickets_of(before)).value(), 2U);
  bed_->clock().advance(1ms);  // numbers may be made of the time, and a restart takes some
  open();
  fill("primary", 1);
  EXPECT_EQ(remove(*quarantine_, tickets_of(before)).value(), 0U);
  const auto after = records();
  ASSERT_THAT(after, SizeIs(1));
  EXPECT_GT(after[0].id, before[1].id);
}

TEST_P(QuarantineConformance, AClosedOneTakesNothingAndSaysSo) {
  fill("primary", 1);
  const auto tickets = tickets_of(records());
  quarantine_->close();
  quarantine_->close();
  const auto late = put(*quarantine_, {refused("primary", event_of(2))});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::cancelled) << late.error().text();
  const auto removed = remove(*quarantine_, tickets);
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().kind, ErrorKind::cancelled) << removed.error().text();
  EXPECT_THAT(records(), SizeIs(1));
}

}  // namespace
}  // namespace twinshift::quarantine
