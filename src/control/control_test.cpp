#include "control/control.hpp"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <sys/stat.h>
#include <thread>

#include <gtest/gtest.h>

#include "control/socket.hpp"

namespace twinshift::control {
namespace {

class ControlTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "twinshift-control-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
    folder_ = root_;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::unique_ptr<Server> start() {
    auto server = Server::start(folder_, [](const Request& request) {
      std::string text = request.verb;
      for (const std::string& argument : request.arguments) text += "," + argument;
      return Reply{request.verb != "fail", text};
    });
    EXPECT_TRUE(server) << server.error().text();
    return server ? std::move(*server) : nullptr;
  }

  std::filesystem::path root_;
  std::filesystem::path folder_;
};

TEST_F(ControlTest, AnswersWhatItsHandlerSays) {
  const auto server = start();
  const auto reply = ask(folder_, {"do", {"a b", "c"}});
  ASSERT_TRUE(reply) << reply.error().text();
  EXPECT_TRUE(reply->ok);
  EXPECT_EQ(reply->text, "do,a b,c");
  const auto failed = ask(folder_, {"fail", {}});
  ASSERT_TRUE(failed);
  EXPECT_FALSE(failed->ok);
}

TEST_F(ControlTest, SaysWhereNobodyListens) {
  EXPECT_EQ(ask(folder_, {"do", {}}).error().kind, base::ErrorKind::not_found);
  EXPECT_EQ(ask(folder_ / "none", {"do", {}}).error().kind, base::ErrorKind::not_found);
  start().reset();
  EXPECT_EQ(ask(folder_, {"do", {}}).error().kind, base::ErrorKind::not_found);  // its socket file is still there
  const auto again = start();
  EXPECT_TRUE(ask(folder_, {"do", {}}));
}

TEST_F(ControlTest, IsForItsOwnerAlone) {
  const auto server = start();
  struct stat found{};
  ASSERT_EQ(::stat((folder_ / kSocketName).c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
}

TEST_F(ControlTest, AFoldersPathMayBeLongerThanASocketsAddress) {
  folder_ = root_ / std::string(120, 'x');
  std::filesystem::create_directory(folder_);
  const auto server = start();
  EXPECT_TRUE(ask(folder_, {"do", {}}));
}

TEST_F(ControlTest, AnArgumentsLineFeedsStartNoNewOne) {
  const auto server = start();
  EXPECT_EQ(ask(folder_, {"do", {"a\n\nfail"}})->text, "do,a  fail");
}

TEST_F(ControlTest, ARequestBeyondTheBoundIsCutOffAndTheNextIsServed) {
  const auto server = start();
  EXPECT_FALSE(ask(folder_, {"do", {std::string(2 * kRequestBytesMax, 'x')}}));
  EXPECT_TRUE(ask(folder_, {"do", {}}));
}

TEST_F(ControlTest, AClientThatGoesAwayHarmsNobody) {
  const auto server = start();
  {
    const auto socket = connect_in(folder_);
    ASSERT_TRUE(socket);
    ASSERT_TRUE(write_all(socket->get(), "half a re", kSilenceMax));
  }
  EXPECT_TRUE(ask(folder_, {"do", {}}));
}

}  // namespace
}  // namespace twinshift::control
