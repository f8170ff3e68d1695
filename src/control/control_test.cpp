#include "control/control.hpp"

#include <chrono>
#include <filesystem>
#include <future>
#include <latch>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <vector>

#include <gmock/gmock.h>

#include "control/socket.hpp"
#include "tests/support/temporary_folder.hpp"

namespace twinshift::control {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// Far above what anything here takes, and below what a silent side may.
constexpr auto kAtOnce = kSilenceMax / 2;

Reply echo(const Request& request) {
  std::string text = request.verb;
  for (const std::string& argument : request.arguments) text += "," + argument;
  return {request.verb != "fail", text};
}

// Requests "slow" have no answer before release(). It outlives the server.
class Gate {
 public:
  explicit Gate(std::ptrdiff_t slow) : begun_(slow) {}
  Handler handler() {
    return [this](const Request& request) {
      if (request.verb != "slow") return echo(request);
      begun_.count_down();
      released_.wait();
      return Reply{true, "at last"};
    };
  }
  void wait_begun() const { begun_.wait(); }
  void release() { release_.set_value(); }

 private:
  std::latch begun_;
  std::promise<void> release_;
  std::shared_future<void> released_ = release_.get_future().share();
};

// Nothing to read, and not cut off.
bool is_kept_waiting(const Descriptor& peer) {
  char byte = 0;
  return ::recv(peer.get(), &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
}

void wait_readable(const Descriptor& peer) {
  pollfd each{.fd = peer.get(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(::poll(&each, 1, static_cast<int>(kSilenceMax.count())), 1);
}

class ControlTest : public testing::Test {
 protected:
  std::unique_ptr<Server> start(Handler handler = echo) {
    auto server = Server::start(folder_, std::move(handler));
    EXPECT_TRUE(server) << server.error().text();
    return server ? std::move(*server) : nullptr;
  }
  Descriptor connect() {
    auto socket = connect_in(folder_);
    EXPECT_TRUE(socket) << socket.error().text();
    return socket ? std::move(*socket) : Descriptor();
  }
  auto ask_beside(const Request& request) {
    return std::async(std::launch::async, [folder = folder_, request] { return ask(folder, request); });
  }
  // Whether it is over at once.
  static bool stop(std::unique_ptr<Server>& server) {
    const auto ended = std::async(std::launch::async, [&] { server.reset(); });
    return ended.wait_for(kAtOnce) == std::future_status::ready;
  }

  tests::TemporaryFolder root_;
  std::filesystem::path folder_ = root_.path();
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
    ASSERT_TRUE(write_all(socket->get(), "half a re", {.most = kSilenceMax}));
  }
  EXPECT_TRUE(ask(folder_, {"do", {}}));
}

TEST_F(ControlTest, ASlowHandlerHoldsUpNoQuickOne) {
  Gate gate(1);
  const auto server = start(gate.handler());
  auto slow = ask_beside({"slow", {}});
  gate.wait_begun();
  EXPECT_EQ(ask(folder_, {"do", {}})->text, "do");
  EXPECT_EQ(slow.wait_for(0s), std::future_status::timeout);
  gate.release();
  EXPECT_EQ(slow.get()->text, "at last");
}

TEST_F(ControlTest, OneMoreThanCanBeServedIsToldSo) {
  Gate gate(kHandlersMax);
  const auto server = start(gate.handler());
  std::vector<std::future<base::Result<Reply>>> slow;
  for (std::size_t i = 0; i < kHandlersMax; ++i) slow.push_back(ask_beside({"slow", {}}));
  gate.wait_begun();
  // The longer one does not fit into the socket: it is answered though nobody has read it.
  for (const std::size_t bytes : {std::size_t{1}, kRequestBytesMax}) {
    const auto reply = ask(folder_, {"do", {std::string(bytes, 'x')}});
    ASSERT_TRUE(reply) << reply.error().text();
    EXPECT_FALSE(reply->ok);
    EXPECT_THAT(reply->text, HasSubstr("busy with 4 other commands: try again"));
  }
  gate.release();
  for (auto& each : slow) EXPECT_EQ(each.get()->text, "at last");
  EXPECT_TRUE(ask(folder_, {"do", {}})->ok);
}

TEST_F(ControlTest, ManyOneAfterTheOtherAreAllServed) {
  const auto server = start();
  std::vector<std::future<bool>> askers;
  for (std::size_t i = 0; i < kHandlersMax; ++i) {
    askers.push_back(std::async(std::launch::async, [this] {
      bool all = true;
      for (int each = 0; each < 200; ++each) all = ask(folder_, {"do", {}})->ok && all;
      return all;
    }));
  }
  for (auto& each : askers) EXPECT_TRUE(each.get());
}

TEST_F(ControlTest, SilentPeersHoldUpNobody) {
  const auto server = start();
  std::vector<Descriptor> silent;
  for (std::size_t i = 0; i + 1 < kHandlersMax; ++i) silent.push_back(connect());
  EXPECT_TRUE(ask(folder_, {"do", {}})->ok);
  for (const Descriptor& each : silent) EXPECT_TRUE(is_kept_waiting(each));
}

TEST_F(ControlTest, AStopWaitsForNoPeerThatSaysOrTakesNothing) {
  auto server = start([](const Request&) { return Reply{true, std::string(2 * kRequestBytesMax, 'x')}; });
  const Descriptor silent = connect();
  const Descriptor taking_nothing = connect();
  ASSERT_TRUE(write_all(taking_nothing.get(), "do\n\n", {.most = kSilenceMax}));
  wait_readable(taking_nothing);
  EXPECT_TRUE(is_kept_waiting(silent));
  EXPECT_TRUE(stop(server));
}

TEST_F(ControlTest, AStopLetsAHandlerEndAndSendsItsAnswer) {
  Gate gate(1);
  auto server = start(gate.handler());
  auto slow = ask_beside({"slow", {}});
  gate.wait_begun();
  const auto ended = std::async(std::launch::async, [&] { server.reset(); });
  while (ask(folder_, {"do", {}})) {
  }
  EXPECT_EQ(ended.wait_for(0s), std::future_status::timeout);
  gate.release();
  EXPECT_EQ(slow.get()->text, "at last");
  EXPECT_EQ(ended.wait_for(kAtOnce), std::future_status::ready);
}

TEST_F(ControlTest, AWaitIsOverInTimeOrWhenCancelled) {
  const auto server = start();
  const Descriptor peer = connect();
  EXPECT_EQ(read_until(peer.get(), "\n", 10, {.most = 1ms}).error().kind, base::ErrorKind::unavailable);
  const Descriptor other = connect();
  ASSERT_TRUE(write_all(other.get(), "do\n\n", {.most = kSilenceMax}));
  wait_readable(other);
  EXPECT_EQ(read_until(peer.get(), "\n", 10, {.most = kAnswerMax, .cancel = other.get()}).error().kind,
            base::ErrorKind::cancelled);
}

}  // namespace
}  // namespace twinshift::control
