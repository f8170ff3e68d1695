#include "warehouse/event_places.hpp"

#include <gtest/gtest.h>

namespace twinshift::warehouse {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr base::WallTime kNoon{hours(480'012)};  // 2024-10-04 12:00:00

EventPlace place(std::uint8_t last, base::WallTime at) {
  EventPlace made{{}, at};
  made.id.bytes[15] = last;
  return made;
}

TEST(EventPlaces, AskForASecondAroundEachTime) {
  const std::vector<EventPlace> places{place(1, kNoon), place(0xAB, kNoon + hours(1))};
  EXPECT_EQ(places_sql(places),
            "(event_at BETWEEN '2024-10-04 11:59:59' AND '2024-10-04 12:00:01' OR event_at BETWEEN "
            "'2024-10-04 12:59:59' AND '2024-10-04 13:00:01') AND event_id IN "
            "('00000000000000000000000000000001','000000000000000000000000000000ab')");
}

TEST(EventPlaces, AsManyAsMayBeRemovedStayFarBelowAStatementsLimit) {
  std::vector<EventPlace> places;
  for (std::size_t i = 0; i < kRemovedMax; ++i) {
    places.push_back(place(static_cast<std::uint8_t>(i), kNoon + hours(1'000 * i) + std::chrono::microseconds(1)));
  }
  EXPECT_LT(places_sql(places).size(), 12'000U);
}

}  // namespace
}  // namespace twinshift::warehouse
