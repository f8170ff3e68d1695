#include "http/io_thread.hpp"

#include <algorithm>
#include <cstdint>
#include <future>
#include <optional>
#include <thread>
#include <unistd.h>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/thread.hpp"
#include "http/acceptor.hpp"
#include "http/session.hpp"

namespace twinshift::http {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

// Deadlines are looked at this often: a fifth of the shortest one, within these bounds.
constexpr std::chrono::milliseconds kSweepMin = 10ms;
constexpr std::chrono::milliseconds kSweepMax = 250ms;
// Connections that are being told that there is no room; above this they are closed without a word.
constexpr std::uint64_t kTurningAwayMax = 256;

std::chrono::milliseconds sweep_interval(const Options& o) {
  const auto shortest = std::min({o.keep_alive_idle, o.header_timeout, o.body_timeout, o.write_timeout});
  return std::clamp(shortest / 5, kSweepMin, kSweepMax);
}

// A base, so that the loop is there before and after everything that uses it.
struct Loop {
  // One thread runs the loop and others only post to it: no locks around descriptors.
  asio::io_context context{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
};

// A socket on its way to another thread.
struct SocketInTransit {
  explicit SocketInTransit(Acceptor::Accepted accepted) : fd(accepted.fd), peer(accepted.peer) {}
  SocketInTransit(SocketInTransit&& other) noexcept : fd(std::exchange(other.fd, -1)), peer(other.peer) {}
  ~SocketInTransit() {
    if (fd >= 0) ::close(fd);
  }
  SocketInTransit(const SocketInTransit&) = delete;
  SocketInTransit& operator=(const SocketInTransit&) = delete;
  SocketInTransit& operator=(SocketInTransit&&) = delete;
  int fd;
  base::IpAddress peer;
};

}  // namespace

struct IoThread::Impl final : Loop, SessionHost {
  Impl(Shared& all, std::string thread_name)
      : SessionHost(Loop::context, all), name(std::move(thread_name)), sweeper(io) {
    outbox = std::make_shared<Outbox>([this] { asio::post(io, [this] { deliver(); }); });
  }

  void run() {
    outbox->set_io_thread(std::this_thread::get_id());
    const auto work = asio::make_work_guard(io);
    if (acceptor) acceptor->start();
    sweep_later();
    io.run();
  }

  void deal(Acceptor::Accepted accepted) {
    Impl* turn = threads[next_thread++ % threads.size()]->impl_.get();
    if (turn == this) return adopt(accepted.fd, accepted.peer);
    asio::post(turn->io, [turn, socket = SocketInTransit(accepted)]() mutable {
      turn->adopt(std::exchange(socket.fd, -1), socket.peer);
    });
  }

  // Whether the address has room for one more; `counts` where it is counted, to be given back as it closes.
  bool has_room(const base::IpAddress& peer, bool& counts) {
    const auto& most_of = shared.options.connections_per_peer_max;
    const std::size_t most = most_of ? most_of(peer) : 0;
    if (most == 0) return true;
    counts = shared.peers.opened(peer, most);
    if (!counts) shared.peers.tell_no_room(peer, most);
    return counts;
  }

  void adopt(int fd, const base::IpAddress& peer) {
    if (stopping) {
      ::close(fd);
      return;
    }
    bool counts = false;
    const bool room = shared.connections_open.load() < shared.options.connections_max && has_room(peer, counts);
    if (!room) {
      shared.connections_refused.fetch_add(1, std::memory_order_relaxed);
      // With TLS it could be told only after a handshake, and that is what there is no room for.
      if (shared.options.tls || shared.turning_away.load() >= kTurningAwayMax) {
        ::close(fd);
        return;
      }
    }
    auto session = std::make_shared<Session>(*this, fd, peer, counts);
    session->index = sessions.size();
    sessions.push_back(session);
    room ? session->start() : session->turn_away();
    if (room && draining) session->drain();
  }

  void remove(Session& session) override {
    const std::size_t at = session.index;
    std::swap(sessions[at], sessions.back());
    sessions[at]->index = at;
    sessions.pop_back();
  }

  // The answers that other threads have given.
  void deliver() {
    outbox->take_all(burst);
    for (auto& entry : burst) {
      if (entry.sink->session() == nullptr) continue;
      const auto session = entry.sink->session()->shared_from_this();
      if (entry.response) {
        session->answered(std::move(*entry.response));
      } else {
        session->pushed(entry.sink->take_pushed());
      }
    }
    burst.clear();
  }

  void sweep_later() {
    sweeper.expires_after(sweep_interval(shared.options));
    sweeper.async_wait([this](const boost::system::error_code& code) {
      if (code) return;
      sweep();
      sweep_later();
    });
  }

  void sweep() {
    const auto now = std::chrono::steady_clock::now();
    // From the back: a session that ends is replaced by the last one, which has had its turn.
    for (std::size_t i = sessions.size(); i-- > 0;) {
      const auto session = sessions[i];
      session->sweep(now);
    }
  }

  void begin_drain() {
    draining = true;
    if (acceptor) acceptor->finish();
    for (std::size_t i = sessions.size(); i-- > 0;) {
      const auto session = sessions[i];
      session->drain();
    }
  }

  void close_all() {
    stopping = draining = true;
    if (acceptor) acceptor->close();
    while (!sessions.empty()) {
      const auto session = sessions.back();
      session->close();
    }
  }

  const std::string name;
  asio::steady_timer sweeper;
  std::optional<Acceptor> acceptor;
  std::vector<IoThread*> threads;
  std::size_t next_thread = 0;
  std::vector<std::shared_ptr<Session>> sessions;
  std::vector<Outbox::Entry> burst;
  bool stopping = false;
  std::jthread thread;
};

IoThread::IoThread(Shared& shared, const std::string& name) : impl_(std::make_unique<Impl>(shared, name)) {}

IoThread::~IoThread() {
  stop();
}

void IoThread::accept_from(int listener_fd, std::vector<IoThread*> threads) {
  impl_->threads = std::move(threads);
  impl_->acceptor.emplace(impl_->io, listener_fd, [this](Acceptor::Accepted accepted) { impl_->deal(accepted); });
}

void IoThread::start() {
  impl_->thread = base::start_thread(impl_->name, [this](const std::stop_token&) { impl_->run(); });
}

void IoThread::drain() {
  if (!impl_->thread.joinable()) return;
  std::promise<void> begun;
  asio::post(impl_->io, [this, &begun] {
    impl_->begin_drain();
    begun.set_value();
  });
  begun.get_future().wait();
}

void IoThread::stop() {
  impl_->outbox->close();
  if (!impl_->thread.joinable()) return;
  asio::post(impl_->io, [this] {
    impl_->close_all();
    impl_->io.stop();
  });
  impl_->thread.join();
}

}  // namespace twinshift::http
