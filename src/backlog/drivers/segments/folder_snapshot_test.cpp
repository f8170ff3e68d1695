// A copy of the folder, taken while its writer parks and settles, must be to recovery what a kill -9 leaves.
#include "backlog/drivers/segments/folder_snapshot.hpp"

#include <atomic>
#include <filesystem>
#include <set>
#include <thread>

#include <gmock/gmock.h>

#include "backlog/drivers/segments/segments_fixture.hpp"

namespace twinshift::backlog::segments {
namespace {

using ::testing::IsSupersetOf;

class FolderSnapshotTest : public SegmentsTest {
 protected:
  ~FolderSnapshotTest() override { backlog_.reset(); }

  // Opens the copy as a start does; what it serves.
  std::vector<std::string> served_by(const FolderSnapshot& snapshot, std::uint64_t& lost) {
    const std::string folder = folder_.path() + "/copy" + std::to_string(++copies_);
    std::filesystem::create_directory(folder);
    for (const SegmentSnapshot& segment : snapshot.segments) {
      std::string bytes(segment.bytes, '\0');
      EXPECT_EQ(::pread(segment.file.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
      write_file(folder + "/" + segment.name, bytes);
    }
    if (!snapshot.journal.empty()) write_file(folder + "/settled.log", snapshot.journal);
    SegmentBacklogOptions options = options_;
    options.folder = folder;
    auto copy = open_segment_backlog(options);
    EXPECT_TRUE(copy) << copy.error().text();
    lost = (*copy)->status().storage->lost;
    std::vector<std::string> served;
    for (std::vector<queue::Lease> leases; !(leases = receive(**copy)).empty();) {
      for (std::string& body : bodies(leases)) served.push_back(std::move(body));
    }
    return served;
  }

 private:
  int copies_ = 0;
};

TEST_F(FolderSnapshotTest, AFolderThatIsNotThereHoldsNothing) {
  const auto snapshot = snapshot_of(folder_.path() + "/none");
  ASSERT_TRUE(snapshot);
  EXPECT_TRUE(snapshot->segments.empty());
  EXPECT_TRUE(snapshot->journal.empty());
}

TEST_F(FolderSnapshotTest, HoldsTheMomentAndNoLater) {
  open();
  ASSERT_TRUE(park(*backlog_, events_of(1, 3)));
  ASSERT_TRUE(acknowledge(*backlog_, receive(*backlog_, 1)));
  const auto snapshot = snapshot_of(options_.folder);
  ASSERT_TRUE(snapshot) << snapshot.error().text();
  ASSERT_TRUE(park(*backlog_, events_of(4, 3)));
  std::uint64_t lost = 1;
  EXPECT_EQ(served_by(*snapshot, lost), jsons(2, 2));
  EXPECT_EQ(lost, 0U);
}

TEST_F(FolderSnapshotTest, ASegmentThatIsDeletedMeanwhileIsReadToItsEnd) {
  options_.segment_bytes_max = 1;
  open();
  ASSERT_TRUE(park(*backlog_, events_of(1, 3)));
  ASSERT_TRUE(park(*backlog_, events_of(4, 2)));
  const auto snapshot = snapshot_of(options_.folder);
  ASSERT_TRUE(snapshot);
  ASSERT_TRUE(acknowledge(*backlog_, receive(*backlog_)));
  backlog_.reset();
  ASSERT_FALSE(std::filesystem::exists(segment(1)));
  std::uint64_t lost = 1;
  EXPECT_EQ(served_by(*snapshot, lost), jsons(1, 5));
  EXPECT_EQ(lost, 0U);
}

// Whatever was parked before a snapshot, and was not handed out by the time it ended, is in it; nothing counts as lost.
TEST_F(FolderSnapshotTest, BesideAWriterItLosesNothing) {
  options_.segment_bytes_max = 2'000;               // segments come and go all the time
  options_.gather = std::chrono::milliseconds(10);  // still far more often than with the service's own limits
  open();
  std::atomic<int> parked{0};
  std::atomic<int> settling{0};  // events below may be settled
  std::jthread writer([&](const std::stop_token& stop) {
    for (int i = 1; !stop.stop_requested(); i += 5) {
      if (!park(*backlog_, events_of(i, 5))) return;
      parked = i + 4;
    }
  });
  std::jthread settler([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const auto leases = receive(*backlog_, 20);
      settling += static_cast<int>(leases.size());
      if (!leases.empty()) (void)acknowledge(*backlog_, leases);
    }
  });
  for (int round = 0; round < 20; ++round) {
    const int before = parked;
    const auto snapshot = snapshot_of(options_.folder);
    const int settled_to = settling;
    ASSERT_TRUE(snapshot) << snapshot.error().text();
    std::uint64_t lost = 1;
    const auto served = served_by(*snapshot, lost);
    EXPECT_EQ(lost, 0U);
    const auto owed = jsons(settled_to + 1, std::max(0, before - settled_to));
    EXPECT_THAT(std::set<std::string>(served.begin(), served.end()), IsSupersetOf(owed));
  }
  EXPECT_GT(parked, 0);
}

}  // namespace
}  // namespace twinshift::backlog::segments
