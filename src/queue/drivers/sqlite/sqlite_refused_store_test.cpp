#include "queue/drivers/sqlite/sqlite_refused_store.hpp"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.hpp"

namespace twinshift::queue {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RefusedStoreTest : public ::testing::Test {
 protected:
  void open(RefusedLimits limits = {}) {
    store_.reset();
    auto opened = open_sqlite_refused_store((folder_ / "refused.db").string(), limits);
    ASSERT_TRUE(opened) << opened.error().text();
    store_ = std::move(*opened);
  }
  base::Status keep(std::string body) {
    std::promise<base::Status> answer;
    store_->keep({base::WallTime(std::chrono::microseconds(7)), 400, "not JSON", "/webhook/appsflyer", std::move(body)},
                 [&](base::Status status) { answer.set_value(std::move(status)); });
    return answer.get_future().get();
  }
  std::vector<std::string> bodies() {
    std::vector<std::string> out;
    const auto entries = store_->list(100);
    if (!entries) return {entries.error().text()};
    for (const RefusedEntry& entry : *entries) out.push_back(store_->body(entry.id).value());
    return out;
  }

  tests::TemporaryFolder folder_;
  std::unique_ptr<RefusedStore> store_;
};

TEST_F(RefusedStoreTest, KeepsWhatItIsGivenAcrossReopening) {
  open();
  const std::string hostile("\0\xff'); DROP TABLE refused; --", 28);
  ASSERT_TRUE(keep(hostile));
  open();
  const auto entries = store_->list(10).value();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].status, 400);
  EXPECT_EQ(entries[0].reason, "not JSON");
  EXPECT_EQ(entries[0].path, "/webhook/appsflyer");
  EXPECT_EQ(entries[0].received_at, base::WallTime(std::chrono::microseconds(7)));
  EXPECT_EQ(entries[0].body_bytes, hostile.size());
  EXPECT_THAT(bodies(), ElementsAre(hostile));
  EXPECT_EQ(store_->status().bodies, 1U);
  EXPECT_EQ(store_->status().bytes, hostile.size());
}

TEST_F(RefusedStoreTest, TheOldestGoFirst) {
  open({.bodies_max = 2});
  for (const char* body : {"a", "b", "c"}) ASSERT_TRUE(keep(body));
  EXPECT_THAT(bodies(), ElementsAre("c", "b"));
  EXPECT_EQ(store_->status().dropped, 1U);
}

TEST_F(RefusedStoreTest, TheBytesAreBounded) {
  open({.bytes_max = 10'000});
  for (int i = 0; i < 9; ++i) ASSERT_TRUE(keep(std::string(3000, 'x')));
  EXPECT_EQ(store_->status().bodies, 3U);
  EXPECT_EQ(store_->status().bytes, 9000U);
  EXPECT_EQ(store_->status().dropped, 6U);
}

TEST_F(RefusedStoreTest, SmallerBoundsHoldFromTheNextStart) {
  open();
  for (const char* body : {"a", "b", "c"}) ASSERT_TRUE(keep(body));
  open({.bodies_max = 1});
  EXPECT_THAT(bodies(), ElementsAre("c"));
}

TEST_F(RefusedStoreTest, WithoutRoomItSaysSoAndCounts) {
  open({.inbox_bodies_max = 0});
  const auto kept = keep("a");
  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().kind, base::ErrorKind::full);
  EXPECT_EQ(store_->status().dropped, 1U);
}

TEST_F(RefusedStoreTest, ABoundOfNoneKeepsNoneAndIsNoFault) {
  open({.bodies_max = 0});
  EXPECT_TRUE(keep("a"));
  EXPECT_EQ(store_->status().dropped, 1U);
  EXPECT_TRUE(bodies().empty());
}

TEST_F(RefusedStoreTest, CloseKeepsWhatWaitsAndTakesNoMore) {
  open();
  std::atomic<int> kept{0};
  for (int i = 0; i < 100; ++i) {
    store_->keep({{}, 400, "r", "/p", "b"}, [&](const base::Status& status) { kept += status ? 1 : 0; });
  }
  store_->close();
  store_->close();
  EXPECT_EQ(kept, 100);
  EXPECT_EQ(keep("late").error().kind, base::ErrorKind::cancelled);
  EXPECT_FALSE(store_->list(1));
  open();
  EXPECT_EQ(store_->status().bodies, 100U);
}

TEST_F(RefusedStoreTest, AMissingBodyIsNotFound) {
  open();
  EXPECT_EQ(store_->body(5).error().kind, base::ErrorKind::not_found);
}

TEST_F(RefusedStoreTest, ADamagedFileIsSetAsideAndANewOneBegun) {
  const std::string path = (folder_ / "refused.db").string();
  for (const char* garbage : {"garbage", "SQLite format 3"}) {
    open();
    ASSERT_TRUE(keep("one"));
    store_.reset();
    std::ofstream(path, std::ios::binary | std::ios::trunc) << garbage << std::string(8'192, 'x');
    open();
    EXPECT_THAT(bodies(), IsEmpty());
    ASSERT_TRUE(keep("two"));
    EXPECT_THAT(bodies(), ElementsAre("two"));
  }
  const auto aside = std::ranges::count_if(std::filesystem::directory_iterator(folder_.path()), [](const auto& entry) {
    return entry.path().filename().string().starts_with("refused.db.damaged-");
  });
  EXPECT_EQ(aside, 2);
}

TEST_F(RefusedStoreTest, SoIsOneThatWasCutShort) {
  open();
  ASSERT_TRUE(keep(std::string(100'000, 'b')));
  store_->close();
  std::filesystem::resize_file(folder_ / "refused.db", 8'192);
  open();
  ASSERT_TRUE(keep("two"));
  EXPECT_THAT(bodies(), ElementsAre("two"));
}

}  // namespace
}  // namespace twinshift::queue
