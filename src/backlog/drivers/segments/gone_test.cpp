// Files that are deleted while the backlog is open: what was owed of them is lost at once and by number, as at a start;
// the others are served.

#include <gmock/gmock.h>

#include "backlog/drivers/segments/segments_fixture.hpp"
#include "tests/support/log_capture.hpp"
#include "tests/support/wait_until.hpp"

namespace twinshift::backlog::segments {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class GoneTest : public SegmentsTest {
 protected:
  ~GoneTest() override { backlog_.reset(); }  // its threads log
  // Each in a segment of its own.
  void park_apart(int first, int count) {
    options_.segment_bytes_max = 1;
    open();
    for (int number = first; number < first + count; ++number) ASSERT_TRUE(park(*backlog_, {event_of(number)}));
  }
  [[nodiscard]] bool loses(std::uint64_t events) const {
    return tests::wait_until([&] { return storage().lost == events; });
  }
  // Also what comes only after a pass that found a file missing.
  [[nodiscard]] std::vector<std::string> drain(std::size_t count) const {
    std::vector<std::string> served;
    tests::wait_until([&] {
      for (std::string& body : bodies(receive(*backlog_))) served.push_back(std::move(body));
      return served.size() >= count;
    });
    return served;
  }
  [[nodiscard]] std::string log() const { return log_.text(); }

 private:
  tests::LogCapture log_;
};

TEST_F(GoneTest, WhatWasOwedIsLostAtOnce) {
  options_.segment_bytes_max = 1;
  open();
  ASSERT_TRUE(park(*backlog_, events_of(1, 3)));
  ASSERT_TRUE(park(*backlog_, events_of(4, 2)));
  std::filesystem::remove(segment(1));
  EXPECT_EQ(drain(2), jsons(4, 2));
  ASSERT_TRUE(loses(3));
  EXPECT_EQ(backlog_->status().owed, 2U);
  EXPECT_EQ(storage().damaged_files, 0U);
  EXPECT_THAT(log(), HasSubstr("Events of the backlog are lost: their file is gone"));
  EXPECT_THAT(log(), HasSubstr(R"("lost":3,"firstNumber":1,"lastNumber":3)"));
  EXPECT_THAT(log(), Not(HasSubstr("kept aside")));
  open();
  EXPECT_EQ(storage().damaged_files, 0U);
  EXPECT_EQ(backlog_->status().owed, 2U);
}

// The file is still open here: what is written to it would end with us.
TEST_F(GoneTest, WhatIsParkedAfterwardsGoesToAFileThatIsThere) {
  open();
  ASSERT_TRUE(park(*backlog_, events_of(1, 3)));
  std::filesystem::remove(segment(1));
  ASSERT_TRUE(park(*backlog_, events_of(4, 2)));
  ASSERT_TRUE(loses(3));
  open();
  EXPECT_EQ(backlog_->status().owed, 2U);
  EXPECT_EQ(bodies(receive(*backlog_)), jsons(4, 2));
}

TEST_F(GoneTest, WhatALaneHasInItsHandsIsLostOnlyWhenItComesBack) {
  park_apart(1, 6);
  const auto leases = receive(*backlog_);
  ASSERT_EQ(bodies(leases), jsons(1, 6));
  // Nobody holds the first two open any more.
  std::filesystem::remove(segment(1));
  std::filesystem::remove(segment(2));
  ASSERT_TRUE(acknowledge(*backlog_, {leases[1]}));
  backlog_->release({leases[0].receipt}, std::chrono::milliseconds(0));
  EXPECT_THAT(receive(*backlog_), IsEmpty());
  const auto settles = [&] {
    EXPECT_THAT(receive(*backlog_), IsEmpty());
    return backlog_->status().owed == 4;
  };
  ASSERT_TRUE(tests::wait_until(settles));
  EXPECT_EQ(storage().lost, 1U);
  ASSERT_TRUE(acknowledge(*backlog_, {leases.begin() + 2, leases.end()}));
  EXPECT_EQ(backlog_->status().owed, 0U);
}

// As where the disk is no longer mounted: nothing is known of its files.
TEST_F(GoneTest, AFolderThatIsAwayIsNoLoss) {
  park_apart(1, 2);
  const std::string aside = folder_.path() + "/aside";
  std::filesystem::rename(options_.folder, aside);
  EXPECT_THAT(receive(*backlog_), IsEmpty());
  ASSERT_TRUE(tests::wait_until([&] { return log().contains("The backlog's folder is away"); }));
  EXPECT_EQ(storage().lost, 0U);
  EXPECT_EQ(backlog_->status().owed, 2U);
  std::filesystem::rename(aside, options_.folder);
  EXPECT_EQ(drain(2), jsons(1, 2));
}

}  // namespace
}  // namespace twinshift::backlog::segments
