#include "queue/drivers/sqlite/shelf.hpp"

#include <gtest/gtest.h>

namespace twinshift::queue {
namespace {

std::vector<Incoming> messages(std::int64_t first, std::int64_t last, std::size_t bytes = 10) {
  std::vector<Incoming> out(static_cast<std::size_t>(last - first + 1));
  for (Incoming& incoming : out) {
    incoming.id = first++;
    incoming.message.body = std::string(bytes, 'x');
  }
  return out;
}

std::vector<StoredMessage> page(std::int64_t first, std::int64_t last) {
  std::vector<StoredMessage> out;
  for (std::int64_t id = first; id <= last; ++id) out.push_back({id, {"body", "m", {}}});
  return out;
}

std::vector<std::int64_t> take_all(Shelf& shelf) {
  std::vector<std::int64_t> ids;
  while (!shelf.empty()) ids.push_back(shelf.take().id);
  return ids;
}

TEST(Shelf, HandsOverWhatWasJustCommitted) {
  Shelf shelf(100, 100'000);
  auto fresh = messages(1, 3);
  shelf.committed(fresh, 3);
  EXPECT_FALSE(shelf.behind());
  EXPECT_EQ(take_all(shelf), (std::vector<std::int64_t>{1, 2, 3}));
}

TEST(Shelf, WhatHasNoRoomIsLeftToTheFile) {
  Shelf shelf(2, 100'000);
  auto fresh = messages(1, 5);
  shelf.committed(fresh, 5);
  EXPECT_EQ(take_all(shelf), (std::vector<std::int64_t>{1, 2}));
  EXPECT_TRUE(shelf.behind());
  EXPECT_EQ(shelf.loaded_to(), 2);
  shelf.loaded(page(3, 5), 5);
  EXPECT_FALSE(shelf.behind());
  EXPECT_EQ(take_all(shelf), (std::vector<std::int64_t>{3, 4, 5}));
}

TEST(Shelf, ItsBytesAreBoundToo) {
  Shelf shelf(100, 1000);
  auto fresh = messages(1, 10, 400);
  shelf.committed(fresh, 10);
  EXPECT_LE(take_all(shelf).size(), 3U);
  EXPECT_TRUE(shelf.behind());
}

// While the file has something that comes first, newer messages must not overtake it in memory.
TEST(Shelf, NothingOvertakesWhatIsOnlyInTheFile) {
  Shelf shelf(2, 100'000);
  auto first = messages(1, 4);
  shelf.committed(first, 4);
  (void)take_all(shelf);
  auto later = messages(5, 5);
  shelf.committed(later, 5);
  EXPECT_TRUE(shelf.empty());
  shelf.loaded(page(3, 5), 5);
  EXPECT_EQ(take_all(shelf), (std::vector<std::int64_t>{3, 4, 5}));
  auto newest = messages(6, 6);
  shelf.committed(newest, 6);
  EXPECT_EQ(take_all(shelf), std::vector<std::int64_t>{6});
}

TEST(Shelf, APageMayHaveHolesAndBeEmpty) {
  Shelf shelf(10, 100'000);
  std::vector<Incoming> none;
  shelf.committed(none, 50);  // as after a start: all in the file
  EXPECT_TRUE(shelf.behind());
  shelf.loaded(page(7, 8), 20);
  EXPECT_EQ(take_all(shelf), (std::vector<std::int64_t>{7, 8}));
  shelf.loaded({}, 50);
  EXPECT_FALSE(shelf.behind());
  EXPECT_TRUE(shelf.empty());
}

}  // namespace
}  // namespace twinshift::queue
