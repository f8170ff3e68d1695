#include "app/erased_apart.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "app/erased_testing.hpp"

namespace twinshift::app {
namespace {

using testing::place;
using warehouse::EventPlace;

// A side that has noted every number below `count` but those in `without`.
struct Side {
  std::uint32_t count = 0;
  std::vector<std::uint32_t> without{};
  int pages = 0;

  ErasedPage page() {
    return [this](const std::optional<event::EventId>& after) -> base::Result<std::vector<EventPlace>> {
      ++pages;
      std::vector<EventPlace> read;
      for (std::uint32_t number = 0; number < count && read.size() < kErasedPageMax; ++number) {
        if (std::ranges::count(without, number) > 0) continue;
        if (!after || place(number).id > *after) read.push_back(place(number));
      }
      return read;
    };
  }
};

std::vector<event::EventId> ids_of(const std::vector<EventPlace>& places) {
  std::vector<event::EventId> ids;
  for (const EventPlace& each : places) ids.push_back(each.id);
  return ids;
}

TEST(ErasedApart, NamesWhatEachSideLacksOverPages) {
  const auto count = static_cast<std::uint32_t>(2 * kErasedPageMax);
  Side one{count, {0, 7, count - 1}};
  Side other{count, {7, 9'999, 10'000}};
  const ErasedApart apart = compare_erased({one.page(), other.page()}, 10);
  EXPECT_EQ(ids_of(apart.lacking[0]), (std::vector{place(0).id, place(count - 1).id}));
  EXPECT_EQ(ids_of(apart.lacking[1]), (std::vector{place(9'999).id, place(10'000).id}));
  EXPECT_FALSE(apart.more);
  EXPECT_EQ(one.pages, 2);
  EXPECT_EQ(other.pages, 2);
}

TEST(ErasedApart, AnEmptySideLacksAllAsFarAsWasAskedFor) {
  Side one{100, {}};
  Side none;
  const ErasedApart apart = compare_erased({one.page(), none.page()}, 40);
  EXPECT_EQ(apart.lacking[1].size(), 40U);
  EXPECT_TRUE(apart.more);
  EXPECT_TRUE(apart.lacking[0].empty());
  EXPECT_FALSE(compare_erased({one.page(), none.page()}, 100).more);
  EXPECT_TRUE(compare_erased({none.page(), none.page()}, 1).lacking[0].empty());
}

TEST(ErasedApart, ASideThatCannotBeReadTellsNothing) {
  Side one{100, {}};
  const ErasedPage away = [](const auto&) -> base::Result<std::vector<EventPlace>> {
    return base::fail(base::ErrorKind::unavailable, "away", "secondary");
  };
  const ErasedApart apart = compare_erased({one.page(), away}, 10);
  EXPECT_TRUE(apart.troubles[1]);
  EXPECT_FALSE(apart.troubles[0]);
  EXPECT_TRUE(apart.lacking[0].empty() && apart.lacking[1].empty());
}

}  // namespace
}  // namespace twinshift::app
