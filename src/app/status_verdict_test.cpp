#include "app/status_verdict.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace twinshift::app {
namespace {

using delivery::TargetState;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

class StatusVerdictTest : public ::testing::Test {
 protected:
  StatusVerdictTest() {
    for (const char* name : {"primary", "secondary"}) {
      delivery::TargetStatus& target = input_.targets.emplace_back();
      target.name = name;
      target.is_primary = input_.targets.size() == 1;
      target.state = TargetState::ok;
    }
  }
  // The only thing that is not well.
  StatusPoint point() {
    const auto points = status_points(input_);
    EXPECT_THAT(points, SizeIs(1));
    return points.empty() ? StatusPoint() : points.front();
  }
  MetricsInput input_;
};

TEST_F(StatusVerdictTest, WhereNothingIsTheMatterAllIsWell) {
  input_.queue.depth = 500;  // under way
  EXPECT_THAT(status_points(input_), IsEmpty());
  EXPECT_EQ(worst_of({}), StatusLevel::well);
}

TEST_F(StatusVerdictTest, ASecondaryThatIsAwayIsAWarningAPrimaryAnAlarm) {
  for (const auto state : {TargetState::open, TargetState::retrying, TargetState::stalled}) {
    input_.targets[1].state = state;
    input_.targets[1].owed = 12'345;
    input_.targets[1].last_error = "connection refused";
    EXPECT_EQ(point().level, StatusLevel::warning);
    EXPECT_THAT(point().what, HasSubstr("does not touch the primary: 12,345 events wait for it"));
    EXPECT_EQ(point().cure, "It is tried again by itself. The last error: connection refused");
  }
  input_.targets[1] = {};
  input_.targets[1].state = TargetState::ok;
  input_.targets[0].state = TargetState::open;
  EXPECT_EQ(point().level, StatusLevel::alarm);
  EXPECT_THAT(point().what, HasSubstr("Primary does not take events"));
}

TEST_F(StatusVerdictTest, CatchingUpSaysHowLongItTakes) {
  input_.targets[1].owed = 900;
  input_.targets[1].backlog_storage.emplace();
  input_.targets[1].backlog_storage->parity_in = 180s;
  EXPECT_EQ(point().level, StatusLevel::busy);
  EXPECT_EQ(point().what, "Secondary catches up: 900 events wait for it, about 3 min to go");
}

TEST_F(StatusVerdictTest, ALossIsSaidBeforeAllElse) {
  input_.targets[1].state = TargetState::open;
  input_.quarantine.records["primary"] = 2;
  books::TargetBooks& books = input_.books.emplace_back();
  books.name = "secondary";
  books.missing = 3;
  const auto points = status_points(input_);
  ASSERT_THAT(points, SizeIs(3));
  EXPECT_EQ(points[0].what, "3 accepted events are missing in secondary");
  EXPECT_EQ(worst_of(points), StatusLevel::alarm);
  EXPECT_THAT(points[2].what, HasSubstr("Primary refuses 2 events"));
}

TEST_F(StatusVerdictTest, OneIsOne) {
  input_.targets[1].owed = 1;
  input_.quarantine.records["primary"] = 1;
  input_.queue.dead_lettered = 1;
  books::TargetBooks& books = input_.books.emplace_back();
  books.name = "secondary";
  books.missing = 1;
  std::vector<std::string> said;
  for (const StatusPoint& each : status_points(input_)) said.push_back(each.what);
  EXPECT_THAT(said, testing::UnorderedElementsAre("1 message is in the dead-letter queue",
                                                  "1 accepted event is missing in secondary", "Primary refuses 1 event",
                                                  "Secondary catches up: 1 event waits for it"));
}

TEST_F(StatusVerdictTest, TwoThatDifferAreAnAlarm) {
  input_.parity.emplace();
  input_.parity->last = proof::Audit{.verdict = proof::AuditVerdict::undecided, .differences = 0, .found = {}};
  EXPECT_THAT(status_points(input_), IsEmpty());
  input_.parity->last->verdict = proof::AuditVerdict::different;
  input_.parity->last->differences = 1'234;
  EXPECT_EQ(point().what, "The two warehouses differ: 1,234 events");
}

TEST_F(StatusVerdictTest, OfTheQueueAgeCountsAndTrouble) {
  input_.queue.oldest_age = 29s;
  EXPECT_THAT(status_points(input_), IsEmpty());
  input_.queue.oldest_age = 31s;
  EXPECT_EQ(point().level, StatusLevel::busy);
  input_.queue.oldest_age = 0s;
  input_.queue.trouble = base::Error{base::ErrorKind::full, "the disk is full", "queue.db", "Free some"};
  EXPECT_EQ(point().level, StatusLevel::alarm);
  EXPECT_EQ(point().cure, "the disk is full. Free some");
}

TEST_F(StatusVerdictTest, OpenFilesThatRunOutAreSaidInTime) {
  input_.process.open_files_max = 100;
  input_.process.open_files = 89;
  EXPECT_THAT(status_points(input_), IsEmpty());
  input_.process.open_files = 91;
  EXPECT_THAT(point().cure, HasSubstr("ulimit -n"));
}

TEST(StatusTextTest, NumbersAndTimesAreReadable) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1'000), "1,000");
  EXPECT_EQ(with_commas(1'234'567), "1,234,567");
  EXPECT_EQ(about(90s), "90 s");
  EXPECT_EQ(about(180s), "3 min");
  EXPECT_EQ(about(3h), "3 h");
  EXPECT_EQ(about(72h), "3 days");
}

}  // namespace
}  // namespace twinshift::app
