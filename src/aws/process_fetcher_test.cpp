#include "aws/process_fetcher.hpp"

#include <csignal>
#include <cstdlib>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/files_testing.hpp"
#include "aws/subprocess.hpp"
#include "tests/support/wait_until.hpp"

namespace twinshift::aws {
namespace {

using base::ErrorKind;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

class Process : public testing::Test {
 protected:
  // The path of a script.
  [[nodiscard]] std::string script(std::string_view body) const {
    const std::string path = folder_.write("script", "#!/bin/sh\n" + std::string(body) + "\n");
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }
  [[nodiscard]] base::Result<std::string> run(std::string_view body, std::chrono::milliseconds time_max = 20s,
                                              const std::stop_token& stop = {}) const {
    return run_program({.words = {script(body), "first arg", "$HOME"}, .time_max = time_max, .output_bytes_max = 1000},
                       stop);
  }
  [[nodiscard]] static std::string text(const base::Result<std::string>& result) {
    return result ? *result : "error: " + result.error().text();
  }
  [[nodiscard]] base::Result<Credentials> fetch(std::string_view body) const {
    auto made = process_fetcher("'" + script(body) + "' hunter2-argument", "profile p");
    if (!made) return base::fail(made.error());
    return (*made)->fetch({});
  }
  // Is a process of that number, read from a file which the script writes, still there?
  [[nodiscard]] bool lives(std::string_view name) const {
    std::ifstream in(folder_.path(name));
    pid_t pid = 0;
    return (in >> pid) && ::kill(pid, 0) == 0;
  }
  testing_files::Folder folder_;
};

TEST_F(Process, GivesItsOutputAndGetsItsArgumentsAsTheyAre) {
  EXPECT_EQ(text(run("printf '%s|' \"$@\"")), "first arg|$HOME|");
  EXPECT_EQ(text(run("cat")), "");  // standard input is empty
}

TEST_F(Process, IsFoundInPath) {
  EXPECT_EQ(text(run_program({.words = {"printf", "x%s", "y"}}, {})), "xy");
}

TEST_F(Process, HasNoneOfOurFiles) {
  const int ours = ::dup(STDIN_FILENO);  // without close-on-exec, as a library's socket might be
  EXPECT_EQ(text(run("ls /proc/self/fd | wc -l | tr -d ' '")), "4\n");  // 0, 1, 2, and ls's own
  ::close(ours);
}

TEST_F(Process, HasItsSignalsInOrder) {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  EXPECT_EQ(text(run("grep SigBlk /proc/self/status | tr -d '\\t'")), "SigBlk:0000000000000000\n");
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST_F(Process, ThatFailsIsNamedAndNotQuoted) {
  EXPECT_THAT(text(run("echo hunter2 >&2; echo hunter2; exit 3")),
              AllOf(HasSubstr("exit status 3"), HasSubstr(folder_.path("script")), Not(HasSubstr("hunter2")),
                    Not(HasSubstr("first arg"))));
  EXPECT_THAT(text(run("kill -9 $$")), HasSubstr("signal 9"));
  EXPECT_THAT(text(run_program({.words = {folder_.path("none")}}, {})), HasSubstr("No such file"));
  EXPECT_THAT(text(run("yes hunter2")), AllOf(HasSubstr("more than 1000 bytes"), Not(HasSubstr("hunter2"))));
}

TEST_F(Process, IsKilledWithItsChildrenWhenTimeIsUp) {
  const std::string pids = folder_.path("pid");
  EXPECT_THAT(text(run("sleep 1000 & echo $! > " + pids + "; wait", 300ms)), HasSubstr("did not end within 300 ms"));
  EXPECT_TRUE(tests::wait_until([&] { return !lives("pid"); }));
  // It has closed its output, but goes on.
  EXPECT_THAT(text(run("exec >&-; sleep 1000", 300ms)), HasSubstr("did not end within 300 ms"));
}

TEST_F(Process, LeavesNothingBehindWhenItEnds) {
  EXPECT_EQ(text(run("sleep 1000 >&- & echo $! > " + folder_.path("pid") + "; echo x")), "x\n");
  EXPECT_TRUE(tests::wait_until([&] { return !lives("pid"); }));
}

TEST_F(Process, EndsWhenStopIsRequested) {
  std::stop_source stop;
  base::Result<std::string> result;
  std::jthread runner(
      [&] { result = run("echo $$ > " + folder_.path("pid") + "; exec sleep 1000", 60s, stop.get_token()); });
  ASSERT_TRUE(tests::wait_until([&] { return lives("pid"); }));
  stop.request_stop();
  runner.join();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::cancelled);
}

TEST_F(Process, GivesCredentials) {
  const auto got = fetch(R"(echo '{"Version":1,"AccessKeyId":"AK","SecretAccessKey":"SK","SessionToken":"ST",)"
                         R"("Expiration":"2026-01-02T03:04:05Z"}')");
  ASSERT_TRUE(got) << got.error().text();
  EXPECT_EQ(got->access_key_id, "AK");
  EXPECT_EQ(got->secret_access_key, "SK");
  EXPECT_EQ(got->session_token, "ST");
  EXPECT_EQ(got->source, "profile p");
  ASSERT_TRUE(got->expires_at);
  const auto lasting = fetch(R"(echo '{"Version":1,"AccessKeyId":"AK","SecretAccessKey":"SK"}')");
  ASSERT_TRUE(lasting);
  EXPECT_FALSE(lasting->expires_at);
}

TEST_F(Process, ThatWritesSomethingElseIsRefusedUnquoted) {
  for (const std::string_view body :
       {"echo hunter2", "echo '{\"Version\":2,\"AccessKeyId\":\"AK\",\"SecretAccessKey\":\"hunter2\"}'",
        "echo '{\"AccessKeyId\":\"AK\",\"SecretAccessKey\":\"hunter2\"}'",
        "echo '{\"Version\":1,\"AccessKeyId\":\"AK\",\"SecretAccessKey\":\"hunter2 x\"}'",
        "echo '{\"Version\":1,\"SecretAccessKey\":\"hunter2\"}'",
        "echo '{\"Version\":1,\"AccessKeyId\":\"AK\",\"SecretAccessKey\":\"hunter2\",\"Expiration\":\"soon\"}'",
        "echo '[\"hunter2\"]'", "true", "exit 1"}) {
    const auto got = fetch(body);
    ASSERT_FALSE(got) << body;
    EXPECT_EQ(got.error().kind, ErrorKind::unavailable);
    EXPECT_THAT(got.error().text(), AllOf(HasSubstr("profile p"), Not(HasSubstr("hunter2"))));
  }
  EXPECT_THAT(process_fetcher("'hunter2", "profile p").error().text(),
              AllOf(HasSubstr("profile p"), Not(HasSubstr("hunter2"))));
}

}  // namespace
}  // namespace twinshift::aws
