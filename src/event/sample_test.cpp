#include "event/sample.hpp"

#include <chrono>
#include <set>

#include <gtest/gtest.h>

#include "event/row.hpp"

namespace twinshift::event {
namespace {

using std::chrono::hours;

constexpr base::WallTime kAround{std::chrono::seconds(1'704'110'400)};
constexpr std::uint64_t kMany = 4000;

EventPtr sample(std::uint64_t index) {
  base::Result<EventPtr> event = decode_event(sample_event(42, index, kAround), "m", kAround);
  EXPECT_TRUE(event) << index;
  return event ? *event : nullptr;
}

TEST(Sample, SameArgumentsGiveTheSameEvent) {
  EXPECT_EQ(sample_event(1, 2, kAround), sample_event(1, 2, kAround));
  EXPECT_NE(sample_event(1, 2, kAround), sample_event(1, 3, kAround));
  EXPECT_NE(sample_event(1, 2, kAround), sample_event(2, 2, kAround));
  EXPECT_NE(sample_event(1, 2, kAround), sample_event(1, 2, kAround + hours(1)));
}

TEST(Sample, SizeAndFieldsAreThoseOfRealTraffic) {
  std::size_t bytes = 0;
  std::size_t fields = 0;
  for (std::uint64_t i = 0; i < kMany; ++i) {
    const EventPtr event = sample(i);
    ASSERT_TRUE(event);
    bytes += event->json.size();
    fields += event->fields.size();
    EXPECT_GT(event->json.size(), 1200U);
    EXPECT_LT(event->json.size(), 4000U);
  }
  EXPECT_NEAR(static_cast<double>(bytes) / kMany, 2500, 200);
  EXPECT_NEAR(static_cast<double>(fields) / kMany, 68, 3);
}

TEST(Sample, EventsAreDistinctAndOrdinary) {
  std::set<EventId> ids;
  for (std::uint64_t i = 0; i < kMany; ++i) {
    const EventPtr event = sample(i);
    ASSERT_TRUE(event);
    EXPECT_TRUE(event->plain) << event->json;
    EXPECT_TRUE(ids.insert(event->id).second) << i;
    EXPECT_LE(event->event_at, kAround);
    EXPECT_GT(event->event_at, kAround - hours(1));
  }
}

TEST(Sample, FieldsAreColumnsAndNearlyAllStandInThem) {
  Row row;
  std::size_t extra = 0;
  for (std::uint64_t i = 0; i < 500; ++i) {
    const EventPtr event = sample(i);
    ASSERT_TRUE(event);
    for (const Field& field : event->fields) EXPECT_GE(find_column(field.key), 0) << field.key;
    encode(event, TableShape::whole(), row);
    EXPECT_EQ(row.extra.find("$event"), std::string::npos) << row.extra;
    extra += row.extra.size();
  }
  EXPECT_LT(extra / 500, 400U) << "zoned times, little else";
}

TEST(Sample, AllKindsCome) {
  std::set<std::string> kinds;
  for (std::uint64_t i = 0; i < 500; ++i) {
    const EventPtr event = sample(i);
    ASSERT_TRUE(event);
    for (const Field& field : event->fields) {
      if (field.key == "event_type") kinds.emplace(field.text);
      if (field.key == "event_name" && field.text == "af_ad_revenue") kinds.emplace(field.text);
    }
  }
  EXPECT_EQ(kinds, (std::set<std::string>{"install", "organic-install", "install-in-app-event", "af_ad_revenue",
                                          "organic-install-in-app-event", "re-engagement-in-app-event"}));
}

}  // namespace
}  // namespace twinshift::event
