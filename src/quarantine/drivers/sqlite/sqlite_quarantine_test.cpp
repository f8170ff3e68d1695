// What the quarantine keeps, and how it is read and removed. Kills, disks, foreign files:
// sqlite_quarantine_trouble_test.
#include "quarantine/drivers/sqlite/sqlite_quarantine.hpp"

#include <chrono>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quarantine/drivers/sqlite/sqlite_quarantine_fixture.hpp"

namespace twinshift::quarantine {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

class SqliteQuarantineTest : public SqliteQuarantineFixture {
 protected:
  void SetUp() override {
    SqliteQuarantineFixture::SetUp();
    open();
  }
  // One record an event of `target`, numbered from 1 on.
  void fill(const std::string& target, int events, const std::string& json = "{}") {
    std::vector<Refused> all;
    for (int i = 1; i <= events; ++i) all.push_back(refused(target, event_of(static_cast<std::uint8_t>(i), json)));
    ASSERT_TRUE(put(*quarantine_, std::move(all)));
  }
};

// NUL, bytes that are no UTF-8, quotes.
const std::string kHostile = "\0\xff\xc3'\"); DROP TABLE quarantine; --\0"s;

Refused hostile_refusal() {
  auto event = std::make_shared<event::Event>();
  for (std::size_t i = 0; i < event->id.bytes.size(); ++i) event->id.bytes[i] = static_cast<std::uint8_t>(0xf0 + i);
  event->id_version = event::kIdentityMinted;
  event->received_at = base::WallTime(-7us);
  event->message_id = "m" + kHostile;
  event->json = "{" + kHostile;
  return {"primary", std::move(event), "c" + kHostile, "e" + kHostile, "t" + kHostile, 3};
}

TEST_F(SqliteQuarantineTest, GivesEveryByteBack) {
  ASSERT_TRUE(put(*quarantine_, {hostile_refusal()}));
  const auto found = records();
  ASSERT_THAT(found, SizeIs(1));
  const Record& record = found[0];
  EXPECT_GT(record.id, 0);
  EXPECT_EQ(record.target, "primary");
  EXPECT_EQ(record.event_id, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
  EXPECT_EQ(record.id_version, event::kIdentityMinted);
  EXPECT_EQ(record.message_id, "m" + kHostile);
  EXPECT_EQ(record.received_at, base::WallTime(-7us));
  EXPECT_EQ(record.quarantined_at, clock_.now());
  EXPECT_EQ(record.json, "{" + kHostile);
  EXPECT_EQ(record.json_bytes, 1 + kHostile.size());
  EXPECT_EQ(record.column, "c" + kHostile);
  EXPECT_EQ(record.error_class, "e" + kHostile);
  EXPECT_EQ(record.message, "t" + kHostile);
  EXPECT_EQ(record.tries, 3U);
  EXPECT_FALSE(record.both_sides);
}

TEST_F(SqliteQuarantineTest, EmptyTextsAreKeptAsSuch) {
  ASSERT_TRUE(put(*quarantine_, {{"primary", event_of(1, ""), "", "", ""}}));
  const auto found = records();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].column + found[0].error_class + found[0].message + found[0].message_id + found[0].json, "");
  EXPECT_EQ(found[0].json_bytes, 0U);
}

TEST_F(SqliteQuarantineTest, ASecondRefusalUpdatesTheOneRecord) {
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
  EXPECT_EQ(found[0].error_class, "23502");
  EXPECT_EQ(found[0].message, "is null");
  EXPECT_EQ(found[0].json, R"({"a":1})") << "the event stays as it was first received";
}

TEST_F(SqliteQuarantineTest, TwoRefusalsInOnePutAreOneRecord) {
  ASSERT_TRUE(put(*quarantine_, {refused("primary", event_of(1)), refused("primary", event_of(1))}));
  const auto found = records();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].tries, 2U);
}

TEST_F(SqliteQuarantineTest, TellsWhatBothSidesRefused) {
  ASSERT_TRUE(put(*quarantine_, {refused("primary", event_of(1)), refused("primary", event_of(2))}));
  ASSERT_TRUE(put(*quarantine_, {refused("secondary", event_of(1))}));
  for (const Record& record : records()) EXPECT_EQ(record.both_sides, record.event_id.ends_with("01")) << record.id;
  const auto one_side = records({.target = "secondary"});
  ASSERT_THAT(one_side, SizeIs(1));
  EXPECT_TRUE(one_side[0].both_sides) << "the other record counts where the query leaves it out, too";
  EXPECT_EQ(remove(*quarantine_, tickets_of(one_side)).value(), 1U);
  for (const Record& record : records()) EXPECT_FALSE(record.both_sides) << record.id;
}

TEST_F(SqliteQuarantineTest, KeepsItsRecordsAcrossReopening) {
  ASSERT_TRUE(put(*quarantine_, {hostile_refusal(), refused("secondary", event_of(1))}));
  open();
  EXPECT_THAT(quarantine_->status().records, ElementsAre(Pair("primary", 1), Pair("secondary", 1)));
  ASSERT_TRUE(put(*quarantine_, {hostile_refusal()}));
  const auto found = records();
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(found[0].json, "{" + kHostile);
  EXPECT_EQ(found[0].tries, 6U);
}

TEST_F(SqliteQuarantineTest, StatusCountsByTarget) {
  EXPECT_THAT(quarantine_->status().records, IsEmpty());
  fill("primary", 3);
  fill("secondary", 1);
  fill("secondary", 1);
  EXPECT_THAT(quarantine_->status().records, ElementsAre(Pair("primary", 3), Pair("secondary", 1)));
  EXPECT_FALSE(quarantine_->status().trouble);
  ASSERT_TRUE(remove(*quarantine_, tickets_of(records({.target = "secondary"}))));
  EXPECT_THAT(quarantine_->status().records, ElementsAre(Pair("primary", 3)));
}

TEST_F(SqliteQuarantineTest, ARecordRefusedAgainIsNotRemoved) {
  fill("primary", 2);
  const auto as_read = records();
  fill("primary", 1);
  EXPECT_EQ(remove(*quarantine_, tickets_of(as_read)).value(), 1U);
  const auto found = records();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].id, as_read[0].id);
  EXPECT_EQ(found[0].tries, 2U);
}

TEST_F(SqliteQuarantineTest, RemoveCountsWhatWent) {
  fill("primary", 3);
  const auto tickets = tickets_of(records());
  EXPECT_EQ(remove(*quarantine_, {}).value(), 0U);
  EXPECT_EQ(remove(*quarantine_, {tickets[0], tickets[0], {4711, 1}, tickets[2]}).value(), 2U);
  EXPECT_EQ(remove(*quarantine_, {tickets[0]}).value(), 0U);
  EXPECT_THAT(ids_of(records()), ElementsAre(tickets[1].id));
}

TEST_F(SqliteQuarantineTest, NoNumberIsGivenTwice) {
  fill("primary", 2);
  const auto before = records();
  ASSERT_EQ(remove(*quarantine_, tickets_of(before)).value(), 2U);
  open();
  fill("primary", 1);
  const auto after = records();
  ASSERT_THAT(after, SizeIs(1));
  EXPECT_GT(after[0].id, before[1].id) << "an old ticket must not name a new record";
}

TEST_F(SqliteQuarantineTest, GivesRoomBack) {
  fill("primary", 40, std::string(500'000, 'x'));
  const auto pages = number("PRAGMA page_count");
  ASSERT_GT(pages, 4'000);
  EXPECT_EQ(remove(*quarantine_, tickets_of(records({.with_json = false}))).value(), 40U);
  EXPECT_LT(number("PRAGMA page_count"), 20);
  quarantine_->close();
  EXPECT_LT(std::filesystem::file_size(options_.path), 100'000U);
}

TEST_F(SqliteQuarantineTest, IsReadInPages) {
  fill("primary", 5);
  const auto all = ids_of(records());
  ASSERT_THAT(all, SizeIs(5));
  EXPECT_THAT(ids_of(records({.records_max = 2})), ElementsAre(all[0], all[1]));
  EXPECT_THAT(ids_of(records({.after_id = all[1], .records_max = 2})), ElementsAre(all[2], all[3]));
  EXPECT_THAT(ids_of(records({.after_id = all[3], .records_max = 2})), ElementsAre(all[4]));
  EXPECT_THAT(records({.after_id = all[4]}), IsEmpty());
  EXPECT_THAT(records({.records_max = 0}), IsEmpty());
  EXPECT_THAT(ids_of(records({.after_id = all[0], .until_id = all[2]})), ElementsAre(all[1], all[2]));
}

TEST_F(SqliteQuarantineTest, IsReadFromItsEnd) {
  fill("primary", 4);
  const auto all = ids_of(records());
  EXPECT_THAT(ids_of(records({.records_max = 2, .newest_first = true})), ElementsAre(all[3], all[2]));
  EXPECT_THAT(ids_of(records({.until_id = all[2] - 1, .newest_first = true})), ElementsAre(all[1], all[0]));
}

TEST_F(SqliteQuarantineTest, APageEndsWhereItsEventsPassItsBytes) {
  fill("primary", 3, std::string(100, 'x'));
  EXPECT_THAT(records({.json_bytes_max = 0}), SizeIs(1)) << "one at least, or nobody would come past a large event";
  EXPECT_THAT(records({.json_bytes_max = 100}), SizeIs(1));
  EXPECT_THAT(records({.json_bytes_max = 101}), SizeIs(2));
  EXPECT_THAT(records({.json_bytes_max = 1'000}), SizeIs(3));
}

TEST_F(SqliteQuarantineTest, IsReadWithoutItsEvents) {
  fill("primary", 3, std::string(100, 'x'));
  const auto found = records({.json_bytes_max = 100, .with_json = false});
  ASSERT_THAT(found, SizeIs(3)) << "events that are left out fill no page";
  EXPECT_EQ(found[2].json, "");
  EXPECT_EQ(found[2].json_bytes, 100U);
}

TEST_F(SqliteQuarantineTest, IsReadByTargetAndEvent) {
  fill("primary", 2);
  fill("secondary", 3);
  const std::string second = event_of(2)->id.hex();
  EXPECT_THAT(records({.target = "primary"}), SizeIs(2));
  EXPECT_THAT(records({.target = "elsewhere"}), IsEmpty());
  EXPECT_THAT(records({.event_id = second}), SizeIs(2));
  const auto one = records({.target = "secondary", .event_id = second});
  ASSERT_THAT(one, SizeIs(1));
  EXPECT_EQ(one[0].target, "secondary");
  EXPECT_EQ(one[0].event_id, second);
  EXPECT_THAT(records({.event_id = second, .after_id = one[0].id}), IsEmpty());
}

TEST_F(SqliteQuarantineTest, FindsOneRecord) {
  fill("primary", 3, R"({"a":1})");
  const auto all = records();
  auto reader = open_sqlite_quarantine_reader(options_.path).value();
  const auto found = reader->find(all[1].id);
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_EQ(found->event_id, all[1].event_id);
  EXPECT_EQ(found->json, R"({"a":1})");
  for (const std::int64_t id : {std::int64_t{0}, std::int64_t{-1}, all[2].id + 1,
                                std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    const auto none = reader->find(id);
    ASSERT_FALSE(none) << id;
    EXPECT_EQ(none.error().kind, base::ErrorKind::not_found) << none.error().text();
  }
}

TEST_F(SqliteQuarantineTest, AReaderSeesWhatTheWriterKeepsMeanwhile) {
  auto reader = open_sqlite_quarantine_reader(options_.path).value();
  EXPECT_THAT(reader->read({}).value(), IsEmpty());
  fill("primary", 2);
  const auto found = reader->read({}).value();
  ASSERT_THAT(found, SizeIs(2));
  ASSERT_TRUE(remove(*quarantine_, {{found[0].id, found[0].tries}}));
  EXPECT_THAT(ids_of(reader->read({}).value()), ElementsAre(found[1].id));
  quarantine_->close();
  EXPECT_THAT(reader->read({}).value(), SizeIs(1));
}

}  // namespace
}  // namespace twinshift::quarantine
