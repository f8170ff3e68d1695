#include "app/doctor_run.hpp"

#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace twinshift::app {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

std::vector<std::string> shown(const std::vector<Check>& checks) {
  std::vector<std::string> lines;
  for (const Check& each : checks) {
    lines.push_back(each.about + '.' + each.id + ' ' + std::string(to_string(each.found.state)));
  }
  return lines;
}

// A call that comes back only when the test lets it.
struct Hang {
  std::promise<void> let_go;
  std::shared_future<void> gone = let_go.get_future().share();
  ~Hang() { let_go.set_value(); }
  [[nodiscard]] std::function<Finding()> call() const {
    return [gone = gone] {
      gone.wait();
      return good("late");
    };
  }
};

TEST(DoctorRun, TellsInTheOrderOfGroupsWhateverEndsFirst) {
  std::promise<void> second_ended;
  std::vector<Group> groups;
  groups.push_back({"first", {{"clock", [waits = second_ended.get_future().share()] {
                                 waits.wait();
                                 return good("");
                               }}}});
  groups.push_back({"second", {{"disk", [&] {
                                  second_ended.set_value();
                                  return warning("w", "m", "c");
                                }}}});
  const GroupsRun run = run_groups(std::move(groups), steady_clock::now() + 60s);
  EXPECT_THAT(shown(run.checks), testing::ElementsAre("first.clock ok", "second.disk warn"));
  EXPECT_FALSE(run.leaves_threads);
}

TEST(DoctorRun, SkipsWhatStandsOnAFailedGround) {
  bool asked = false;
  std::vector<Group> groups;
  groups.push_back({"primary",
                    {{"rights", [] { return failure("no", "m", "c"); }, false},
                     {"connect", [] { return failure("no", "m", "c"); }},
                     {"login", [&] {
                        asked = true;
                        return good("");
                      }}}});
  const GroupsRun run = run_groups(std::move(groups), steady_clock::now() + 60s);
  EXPECT_THAT(shown(run.checks),
              testing::ElementsAre("primary.rights fail", "primary.connect fail", "primary.login skipped"));
  EXPECT_TRUE(run.checks[2].found.unknown);
  EXPECT_FALSE(asked);
}

TEST(DoctorRun, LeavesAHangingCheckBehindAndNamesIt) {
  const Hang hang;
  const auto begin = steady_clock::now();
  std::vector<Group> groups;
  groups.push_back({"primary", {{"login", hang.call(), false, 50ms}, {"table", [] { return good(""); }}}});
  groups.push_back({"secondary", {{"login", [] { return good(""); }}}});
  const GroupsRun run = run_groups(std::move(groups), steady_clock::now() + 60s);
  EXPECT_THAT(shown(run.checks),
              testing::ElementsAre("primary.login fail", "primary.table skipped", "secondary.login ok"));
  EXPECT_THAT(run.checks[0].found.what, testing::StartsWith("did not answer within"));
  EXPECT_LT(steady_clock::now() - begin, 30s) << "its own limit, not the deadline";
  EXPECT_TRUE(run.leaves_threads);
}

TEST(DoctorRun, EndsAtTheDeadlineWhateverTheLimits) {
  const Hang hang;
  std::vector<Group> groups;
  groups.push_back({"primary", {{"login", hang.call()}, {"table", [] { return good(""); }}}});
  const GroupsRun run = run_groups(std::move(groups), steady_clock::now() + 50ms);
  EXPECT_THAT(shown(run.checks), testing::ElementsAre("primary.login fail", "primary.table skipped"));
}

TEST(DoctorRun, AHostThatIsGivenUpIsTheGuidesFirstIssue) {
  const Hang hang;
  std::vector<Group> groups;
  groups.push_back({"secondary", {{.id = "tls", .run = hang.call(), .host = "secondary Redshift"}}});
  const GroupsRun run = run_groups(std::move(groups), steady_clock::now() + 50ms);
  EXPECT_THAT(run.checks[0].found.what,
              testing::StartsWith("Connection timeout when connecting to secondary Redshift: it did not answer"));
  EXPECT_THAT(issues_of(run.checks), testing::ElementsAre(kIssueTimeout));
}

TEST(DoctorRun, TellsACheckThatThrowsAsFailed) {
  std::vector<Group> groups;
  groups.push_back({"primary", {{"login", []() -> Finding { throw std::runtime_error("broken"); }}}});
  const GroupsRun run = run_groups(std::move(groups), steady_clock::now() + 60s);
  EXPECT_EQ(run.checks.at(0).found.state, CheckState::fail);
  EXPECT_THAT(run.checks[0].found.what, testing::HasSubstr("broken"));
}

}  // namespace
}  // namespace twinshift::app
