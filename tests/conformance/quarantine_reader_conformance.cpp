// What every quarantine driver must do, tried on each row of the driver table: how its records are read.
#include <chrono>
#include <cstdint>
#include <limits>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/conformance/quarantine_suite.hpp"

namespace twinshift::quarantine {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class QuarantineReaderConformance : public QuarantineSuite {};

INSTANTIATE_TEST_SUITE_P(Drivers, QuarantineReaderConformance, ::testing::ValuesIn(drivers_under_test()), name_of);

TEST_P(QuarantineReaderConformance, ReadsPages) {
  fill("primary", 5);
  const auto reader = bed_->reader();
  const auto ids = [&](const Query& query) { return ids_of(reader->read(query).value()); };
  const auto all = ids({});
  ASSERT_THAT(all, SizeIs(5));
  EXPECT_THAT(ids({.records_max = 2}), ElementsAre(all[0], all[1]));
  EXPECT_THAT(ids({.after_id = all[1], .records_max = 2}), ElementsAre(all[2], all[3]));
  EXPECT_THAT(ids({.after_id = all[3], .records_max = 2}), ElementsAre(all[4]));
  EXPECT_THAT(ids({.after_id = all[4]}), IsEmpty());
  EXPECT_THAT(ids({.records_max = 0}), IsEmpty());
  EXPECT_THAT(ids({.after_id = all[0], .until_id = all[2]}), ElementsAre(all[1], all[2]));
}

TEST_P(QuarantineReaderConformance, ReadsFromTheEnd) {
  fill("primary", 4);
  const auto all = ids_of(records());
  ASSERT_THAT(all, SizeIs(4));
  EXPECT_THAT(ids_of(records({.records_max = 2, .newest_first = true})), ElementsAre(all[3], all[2]));
  EXPECT_THAT(ids_of(records({.until_id = all[2] - 1, .newest_first = true})), ElementsAre(all[1], all[0]));
}

TEST_P(QuarantineReaderConformance, APageEndsWhereItsEventsPassItsBytes) {
  fill("primary", 3, std::string(100, 'x'));
  EXPECT_THAT(records({.json_bytes_max = 0}), SizeIs(1)) << "one at least, or nobody would come past a large event";
  EXPECT_THAT(records({.json_bytes_max = 100}), SizeIs(1));
  EXPECT_THAT(records({.json_bytes_max = 101}), SizeIs(2));
  EXPECT_THAT(records({.json_bytes_max = 1'000}), SizeIs(3));
}

TEST_P(QuarantineReaderConformance, ReadsWithoutTheEvents) {
  fill("primary", 3, std::string(100, 'x'));
  const auto found = records({.json_bytes_max = 100, .with_json = false});
  ASSERT_THAT(found, SizeIs(3)) << "events that are left out fill no page";
  EXPECT_EQ(found[2].json, "");
  EXPECT_EQ(found[2].json_bytes, 100U);
  EXPECT_EQ(found[2].column, "revenue");
}

TEST_P(QuarantineReaderConformance, ReadsByTargetAndEvent) {
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
  EXPECT_THAT(records({.target = "secondary", .event_id = second, .after_id = one[0].id}), IsEmpty());
}

TEST_P(QuarantineReaderConformance, CountsMessagesByTheHourOfTheirArrival) {
  const auto refuse = [this](const char* target, std::uint8_t number, base::WallTime arrival) {
    ASSERT_TRUE(put(*quarantine_, {refused(target, event_at(number, arrival))}));
  };
  const base::WallTime noon(12h);
  refuse("primary", 1, noon);
  refuse("primary", 1, noon);  // the same message once more
  refuse("primary", 1, noon + 1h - 1us);
  refuse("primary", 1, noon + 1h);
  refuse("primary", 2, noon + 59min);
  refuse("primary", 3, base::WallTime(-1us));
  refuse("secondary", 1, noon + 3h);
  using Counts = std::map<base::WallTime, std::uint64_t>;
  EXPECT_EQ(bed_->reader()->count_by_hour("primary").value(),
            (Counts{{base::WallTime(-1h), 1}, {noon, 3}, {noon + 1h, 1}}));
  EXPECT_EQ(bed_->reader()->count_by_hour("secondary").value(), (Counts{{noon + 3h, 1}}));
  EXPECT_THAT(bed_->reader()->count_by_hour("elsewhere").value(), IsEmpty());
  const auto first = records({.target = "primary", .event_id = event_of(1)->id.hex()});
  ASSERT_EQ(remove(*quarantine_, tickets_of(first)).value(), 1U);
  EXPECT_EQ(bed_->reader()->count_by_hour("primary").value(), (Counts{{base::WallTime(-1h), 1}, {noon, 1}}));
}

TEST_P(QuarantineReaderConformance, FindsOneRecord) {
  fill("primary", 3, R"({"a":1})");
  const auto reader = bed_->reader();
  const auto all = reader->read({}).value();
  ASSERT_THAT(all, SizeIs(3));
  for (const Record& record : all) {
    const auto found = reader->find(record.id);
    ASSERT_TRUE(found) << found.error().text();
    EXPECT_EQ(found->event_id, record.event_id);
    EXPECT_EQ(found->json, R"({"a":1})");
  }
  for (const std::int64_t id : {std::int64_t{0}, std::int64_t{-1}, all[2].id + 1,
                                std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    const auto none = reader->find(id);
    ASSERT_FALSE(none) << id;
    EXPECT_EQ(none.error().kind, base::ErrorKind::not_found) << none.error().text();
  }
}

}  // namespace
}  // namespace twinshift::quarantine
