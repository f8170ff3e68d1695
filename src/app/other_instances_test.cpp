#include "app/other_instances.hpp"

#include <string>

#include <gtest/gtest.h>

#include "app/embedded_target_fixture.hpp"

namespace twinshift::app {
namespace {

const books::Hour kNoon{std::chrono::hours(473'364)};

TEST(OtherInstances, SumsOfThatTargetCount) {
  const std::vector<warehouse::OwedRow> sums = {{"", "primary", kNoon, 12, 3, 2, 4, kNoon},
                                                {"", "primary", kNoon + std::chrono::hours(1), 4, 0, 0, 0, kNoon},
                                                {"", "secondary", kNoon, 50, 50, 50, 50, kNoon}};
  const HoursOfBooks expected = {
      {kNoon, {.received = 12, .landed = 0, .duplicate = 0, .quarantined = 2, .owed = 3, .waived = 4}},
      {kNoon + std::chrono::hours(1), {.received = 4}}};
  EXPECT_EQ(hours_of(sums, "primary"), expected);
  EXPECT_TRUE(hours_of(sums, "third").empty());
}

class PublishedBooks : public EmbeddedTargetFixture {
 protected:
  void publish(const std::string& instance, const std::string& as_of = "2024-01-01 12:30:00") {
    execute("INSERT INTO twinshift_owed VALUES ('events', '" + instance +
            "', 'primary', '2024-01-01 12:00:00', 5, 1, 0, 0, '" + as_of + "')");
  }
  // A reader that has kept nothing yet.
  base::Result<HoursOfBooks> read() { return OtherInstances(settings_, "me").read("primary", kNoon); }
};

// More rows than one answer holds: of instances and hours that are long gone.
TEST_F(PublishedBooks, AnyNumberOfOldRowsHidesNobody) {
  publish("a");
  publish("b");
  publish("me");
  execute(
      "INSERT INTO twinshift_owed WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 60001) "
      "SELECT 'events', 'old-' || (i % 10), 'primary', strftime('%Y-%m-%d %H:00:00', 1577836800 + i / 10 * 3600, "
      "'unixepoch'), 5, 0, 0, 0, '2020-01-01 00:00:00' FROM n");
  const auto hours = read();
  ASSERT_TRUE(hours) << hours.error().text();
  EXPECT_EQ(*hours, (HoursOfBooks{{kNoon, {.received = 10, .owed = 2}}}));
}

// Else a loss would hide behind what they took.
TEST_F(PublishedBooks, OthersThatCannotBeReadAreNotTakenForNone) {
  publish("a", "yesterday");
  EXPECT_FALSE(read());
  execute(
      "INSERT INTO twinshift_owed WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 60001) "
      "SELECT 'events', 'a', 'primary', strftime('%Y-%m-%d %H:00:00', 1704110400 + i * 3600, 'unixepoch'), 5, 0, 0, 0, "
      "'2024-01-01 00:00:00' FROM n");
  const auto cut = read();
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().kind, base::ErrorKind::full);
}

TEST_F(PublishedBooks, WithoutTheTableThereAreNone) {
  publish("a");
  execute("DROP TABLE twinshift_owed");
  const auto hours = read();
  ASSERT_TRUE(hours) << hours.error().text();
  EXPECT_TRUE(hours->empty());
}

}  // namespace
}  // namespace twinshift::app
