#include "control/control.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <thread>

#include "base/mailbox.hpp"
#include "base/thread.hpp"
#include "control/socket.hpp"

namespace twinshift::control {
namespace {

using base::ErrorKind;

constexpr std::string_view kEnd = "\n\n";
constexpr std::string_view kOk = "ok\n";
constexpr std::string_view kError = "error\n";
// How long a handler's thread that has nothing to do sleeps at a stretch.
constexpr std::chrono::hours kLookEvery{1};

Reply busy() {
  return {false, "the service is busy with " + std::to_string(kHandlersMax) +
                     " other commands: try again when one of them has ended"};
}

std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

std::string text_of(const Request& request) {
  std::string text = request.verb + '\n';
  for (const std::string& argument : request.arguments) text += one_line(argument) + '\n';
  return text + '\n';
}

Request parse(std::string_view text) {
  Request request;
  bool first = true;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end == 0) break;
    if (first) {
      request.verb = text.substr(0, end);
    } else {
      request.arguments.emplace_back(text.substr(0, end));
    }
    first = false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return request;
}

std::string text_of(const Reply& reply) {
  return std::string(reply.ok ? kOk : kError) + one_line(reply.text) + std::string(kEnd);
}

class SocketServer final : public Server {
 public:
  SocketServer(Descriptor listener, Descriptor wake, Handler handler)
      : listener_(std::move(listener)), wake_(std::move(wake)), handler_(std::move(handler)) {
    for (std::size_t i = 1; i <= kHandlersMax; ++i) {
      handlers_.push_back(base::start_thread("control-" + std::to_string(i), [this](const auto&) { run_handler(); }));
    }
    door_ = base::start_thread("control", [this](const std::stop_token& stop) { run_door(stop); });
  }
  ~SocketServer() override {
    door_.request_stop();
    ::eventfd_write(wake_.get(), 1);  // nobody reads it: it ends every wait from now on
    door_.join();
    listener_ = Descriptor();  // whoever stands before the door need not wait
    peers_.close();
    for (std::jthread& handler : handlers_) handler.join();
  }

 private:
  void run_door(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::array<pollfd, 2> each{{{.fd = listener_.get(), .events = POLLIN, .revents = 0},
                                  {.fd = wake_.get(), .events = POLLIN, .revents = 0}}};
      if (::poll(each.data(), each.size(), -1) < 0 || (each[0].revents & POLLIN) == 0) continue;
      Descriptor peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (peer.get() < 0) {
        // No descriptor is free, as a rule; whoever asks still waits.
        (void)::poll(&each[1], 1, static_cast<int>(kRoomWait.count()));
      } else if (take_room(stop)) {
        peers_.try_put(std::move(peer));
      } else {
        (void)write_all(peer.get(), text_of(busy()), Patience{});
      }
    }
  }

  // A handler that has just answered may be about to come back.
  bool take_room(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    if (!room_.wait_for(lock, stop, kRoomWait, [this] { return served_ < kHandlersMax; })) return false;
    ++served_;
    return true;
  }

  void give_room() {
    {
      const std::lock_guard lock(mutex_);
      --served_;
    }
    room_.notify_one();
  }

  void run_handler() {
    for (;;) {
      const std::optional<Descriptor> peer = peers_.take(kLookEvery);
      if (!peer && peers_.closed()) return;
      if (!peer) continue;
      serve(peer->get());
      give_room();
    }
  }

  void serve(int peer) {
    const Patience patience{.most = kSilenceMax, .cancel = wake_.get()};
    const auto text = read_until(peer, kEnd, kRequestBytesMax, patience);
    if (text) (void)write_all(peer, text_of(handler_(parse(*text))), patience);
  }

  Descriptor listener_;
  const Descriptor wake_;
  const Handler handler_;
  base::Mailbox<Descriptor> peers_{kHandlersMax};  // never full: take_room() has counted them
  std::mutex mutex_;
  std::condition_variable_any room_;
  std::size_t served_ = 0;  // mutex_: in the box or at a handler
  std::vector<std::jthread> handlers_;
  std::jthread door_;
};

// What the service has said, though it has not read all that we wanted to tell it: that it is busy, for one.
base::Result<std::string> read_early_reply(int socket, base::Error unsent) {
  auto text = read_until(socket, kEnd, kRequestBytesMax, Patience{});
  if (!text) return base::fail(std::move(unsent));
  return text;
}

}  // namespace

base::Result<std::unique_ptr<Server>> Server::start(const std::filesystem::path& folder, Handler handler) {
  auto listener = listen_in(folder);
  if (!listener) return base::fail(std::move(listener.error()));
  Descriptor wake(::eventfd(0, EFD_CLOEXEC));
  if (wake.get() < 0) return base::fail(ErrorKind::unavailable, "no descriptor is free", folder.string());
  return std::make_unique<SocketServer>(std::move(*listener), std::move(wake), std::move(handler));
}

base::Result<Reply> ask(const std::filesystem::path& folder, const Request& request) {
  auto socket = connect_in(folder);
  if (!socket) return base::fail(std::move(socket.error()));
  auto sent = write_all(socket->get(), text_of(request), {.most = kSilenceMax});
  auto text = sent ? read_until(socket->get(), kEnd, kRequestBytesMax, {.most = kAnswerMax})
                   : read_early_reply(socket->get(), std::move(sent.error()));
  if (!text) return base::fail(std::move(text.error()));
  const Request parsed = parse(*text);
  if (parsed.verb != "ok" && parsed.verb != "error") {
    return base::fail(ErrorKind::internal, "the service's answer was not understood", (folder / kSocketName).string(),
                      "Service and command must be of one version");
  }
  return Reply{parsed.verb == "ok", parsed.arguments.empty() ? std::string() : parsed.arguments.front()};
}

}  // namespace twinshift::control
