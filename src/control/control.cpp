#include "control/control.hpp"

#include <algorithm>
#include <array>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <thread>

#include "base/thread.hpp"
#include "control/socket.hpp"

namespace twinshift::control {
namespace {

using base::ErrorKind;

constexpr std::string_view kEnd = "\n\n";
constexpr std::string_view kOk = "ok\n";
constexpr std::string_view kError = "error\n";

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

class SocketServer final : public Server {
 public:
  SocketServer(Descriptor listener, Descriptor wake, Handler handler)
      : listener_(std::move(listener)), wake_(std::move(wake)), handler_(std::move(handler)) {
    thread_ = base::start_thread("control", [this](const std::stop_token& stop) { run(stop); });
  }
  ~SocketServer() override {
    thread_.request_stop();
    ::eventfd_write(wake_.get(), 1);
    thread_.join();
  }

 private:
  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::array<pollfd, 2> each{{{.fd = listener_.get(), .events = POLLIN, .revents = 0},
                                  {.fd = wake_.get(), .events = POLLIN, .revents = 0}}};
      if (::poll(each.data(), each.size(), -1) < 0 || (each[0].revents & POLLIN) == 0) continue;
      const Descriptor peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (peer.get() >= 0) serve(peer.get());
    }
  }

  void serve(int peer) {
    const auto text = read_until(peer, kEnd, kRequestBytesMax, kSilenceMax);
    if (!text) return;
    const Reply reply = handler_(parse(*text));
    (void)write_all(peer, std::string(reply.ok ? kOk : kError) + one_line(reply.text) + std::string(kEnd), kSilenceMax);
  }

  const Descriptor listener_;
  const Descriptor wake_;
  const Handler handler_;
  std::jthread thread_;
};

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
  if (auto sent = write_all(socket->get(), text_of(request), kSilenceMax); !sent) {
    return base::fail(std::move(sent.error()));
  }
  auto text = read_until(socket->get(), kEnd, kRequestBytesMax, kAnswerMax);
  if (!text) return base::fail(std::move(text.error()));
  const Request parsed = parse(*text);
  if (parsed.verb != "ok" && parsed.verb != "error") {
    return base::fail(ErrorKind::internal, "the service's answer was not understood", (folder / kSocketName).string(),
                      "Service and command must be of one version");
  }
  return Reply{parsed.verb == "ok", parsed.arguments.empty() ? std::string() : parsed.arguments.front()};
}

}  // namespace twinshift::control
