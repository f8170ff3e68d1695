#include "app/erased_union.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "app/erased_testing.hpp"
#include "app/unite_lists.hpp"

namespace twinshift::app {
namespace {

using base::ErrorKind;
using testing::place;
using warehouse::EventPlace;

struct Target {
  std::vector<EventPlace> erased;
  std::vector<EventPlace> rows;
  bool readable = true;
  bool writable = true;
};

class ErasedUnionTest : public ::testing::Test {
 protected:
  ErasedUnionParts parts(bool apply) {
    ErasedUnionParts parts{.targets = {"primary", "secondary"}};
    for (std::size_t side = 0; side < targets_.size(); ++side) {
      parts.pages[side] = [this, side](const auto& after) { return page(side, after); };
    }
    parts.standing = [this](std::size_t side, std::span<const EventPlace> events) {
      std::set<std::string> ids;
      for (const EventPlace& each : events) {
        if (std::ranges::count(targets_[side].rows, each.id, &EventPlace::id) > 0) ids.insert(each.id.hex());
      }
      return base::Result<std::set<std::string>>(ids);
    };
    if (apply) {
      parts.note = [this](std::size_t side, auto events, std::uint64_t& rows) { return note(side, events, rows); };
    }
    return parts;
  }
  base::Result<std::vector<EventPlace>> page(std::size_t side, const std::optional<event::EventId>& after) {
    if (!targets_[side].readable) return base::fail(ErrorKind::unavailable, "away", "its server");
    return testing::page_of(targets_[side].erased, after);
  }
  base::Status note(std::size_t side, std::span<const EventPlace> events, std::uint64_t& rows) {
    Target& target = targets_[side];
    if (!target.writable) return base::fail(ErrorKind::conflict, "no right", "twinshift_erased", "Grant it");
    for (const EventPlace& each : events) {
      rows += std::erase_if(target.rows, [&](const EventPlace& row) { return row.id == each.id; });
      target.erased.push_back(each);
    }
    return {};
  }

  std::array<Target, 2> targets_;
};

TEST_F(ErasedUnionTest, EachSideIsGivenWhatTheOtherHasNotedAndLosesItsRows) {
  targets_[0] = {.erased = {place(1), place(2)}, .rows = {place(3), place(9)}};
  targets_[1] = {.erased = {place(2), place(3)}, .rows = {place(1)}};
  const auto sums = unite_erased(parts(true));
  ASSERT_TRUE(sums) << sums.error().text();
  for (const ErasedUnion::Side& side : sums->sides) {
    EXPECT_EQ(side.noted, 1U);
    EXPECT_EQ(side.standing, 1U);
    EXPECT_EQ(side.rows, 1U);
  }
  EXPECT_EQ(sums->sides[1].named, std::vector<std::string>{place(1).id.hex()});
  EXPECT_EQ(targets_[0].rows.size(), 1U);
  EXPECT_TRUE(unite_erased(parts(true))->is_empty());
}

TEST_F(ErasedUnionTest, APlanChangesNothing) {
  targets_[0].erased = {place(1)};
  targets_[1].rows = {place(1)};
  const auto sums = unite_erased(parts(false));
  ASSERT_TRUE(sums);
  EXPECT_EQ(sums->sides[1].noted, 1U);
  EXPECT_EQ(targets_[1].rows.size(), 1U);
  EXPECT_TRUE(targets_[1].erased.empty());
  EXPECT_NE(union_text(*sums, {"primary", "secondary"}, false).find(place(1).id.hex()), std::string::npos);
}

TEST_F(ErasedUnionTest, MoreThanOneRoundHoldsIsNotedInSeveral) {
  constexpr std::size_t kEvents = 150'000;  // kBehindMax is 100,000
  for (std::uint32_t i = 0; i < kEvents; ++i) targets_[0].erased.push_back(place(i));
  const auto sums = unite_erased(parts(true));
  ASSERT_TRUE(sums) << sums.error().text();
  EXPECT_EQ(sums->sides[1].noted, kEvents);
}

TEST_F(ErasedUnionTest, AListThatCannotBeReadOrWrittenIsSaidWithWhatToDo) {
  targets_[0].erased = {place(1)};
  targets_[1].readable = false;
  auto sums = unite_erased(parts(true));
  ASSERT_FALSE(sums);
  EXPECT_NE(sums.error().text().find("secondary: its server"), std::string::npos) << sums.error().text();
  EXPECT_NE(sums.error().text().find("No event was copied"), std::string::npos);
  targets_[1].readable = true;
  targets_[1].writable = false;
  sums = unite_erased(parts(true));
  ASSERT_FALSE(sums);
  EXPECT_NE(sums.error().text().find("Grant it"), std::string::npos);
}

}  // namespace
}  // namespace twinshift::app
