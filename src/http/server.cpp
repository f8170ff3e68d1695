#include "http/server.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <unistd.h>

#include "base/assert.hpp"
#include "http/io_thread.hpp"
#include "http/listener.hpp"
#include "http/shared.hpp"

namespace twinshift::http {

struct Server::Impl {
  Impl(Options options, const Routes& routes) : shared(std::move(options), routes) {}

  Shared shared;
  std::uint16_t port = 0;
  std::vector<std::unique_ptr<IoThread>> threads;
};

Server::Server(Options options, Routes routes) : impl_(std::make_unique<Impl>(std::move(options), routes)) {}

Server::~Server() {
  // All of them before any is destroyed: the first one deals connections to the others.
  for (auto& thread : impl_->threads) thread->stop();
}

base::Status Server::start() {
  TWINSHIFT_ASSERT(impl_->threads.empty());
  raise_open_files_limit();
  const Options& options = impl_->shared.options;
  auto listener = listen_on({.host = options.host,
                             .port = options.port,
                             .host_option = options.host_option,
                             .port_option = options.port_option});
  if (!listener) return base::fail(std::move(listener.error()));
  impl_->port = listener->port;
  std::vector<IoThread*> all;
  try {
    for (unsigned i = 0; i < std::max(1U, options.threads); ++i) {
      impl_->threads.push_back(std::make_unique<IoThread>(impl_->shared, "http-" + std::to_string(i)));
      all.push_back(impl_->threads.back().get());
    }
  } catch (const std::exception& error) {  // Boost throws: an event loop needs files of its own
    impl_->threads.clear();
    ::close(listener->fd);
    return base::fail(base::ErrorKind::full, std::string("Cannot make an event loop: ") + error.what(), "http server",
                      "Raise the limit of open files (ulimit -n, LimitNOFILE)");
  }
  impl_->threads.front()->accept_from(listener->fd, all);
  for (auto* thread : all) thread->start();
  return {};
}

std::uint16_t Server::port() const {
  return impl_->port;
}

void Server::keep_headers(std::vector<std::string> names) {
  impl_->shared.headers_kept.replace(std::move(names));
}

void Server::drain(std::chrono::milliseconds limit) {
  for (auto& thread : impl_->threads) thread->drain();
  impl_->shared.wait_none_open(limit);
}

Stats Server::stats() const {
  const Shared& s = impl_->shared;
  return {s.connections_open.load(), s.connections_refused.load(), s.requests.load(), s.timeouts.load(),
          s.tls_handshakes_failed.load()};
}

}  // namespace twinshift::http
