// A session's part that is only there with TLS.
#include <sys/socket.h>

#include "base/log.hpp"
#include "http/session.hpp"

namespace twinshift::http {

using Wait = boost::asio::posix::descriptor_base;

void Session::begin_tls() {
  tls_ = std::make_unique<TlsStream>(*host_.shared.options.tls, descriptor_.native_handle());
  state_ = State::shaking;
  deadline_ = std::chrono::steady_clock::now() + host_.shared.options.header_timeout;
}

void Session::shake() {
  switch (tls_->shake()) {
    case TlsStream::Handshake::wants_read:
      return wait_readable();
    case TlsStream::Handshake::wants_write:
      descriptor_.async_wait(Wait::wait_write, [self = shared_from_this()](const boost::system::error_code& code) {
        if (!code && self->state_ == State::shaking) self->shake();
      });
      return;
    case TlsStream::Handshake::done:
      state_ = State::idle;
      deadline_ = std::chrono::steady_clock::now() + host_.shared.options.keep_alive_idle;
      return host_.draining ? close() : wait_readable();
    case TlsStream::Handshake::spoke_http:
      count_failed_handshake();
      return answer_plainly();
    case TlsStream::Handshake::failed:
      count_failed_handshake();
      return close();
  }
}

void Session::count_failed_handshake() {
  host_.shared.tls_handshakes_failed.fetch_add(1, std::memory_order_relaxed);
  if (!base::log::enabled(base::log::Level::debug)) return;
  const auto count = host_.handshakes_told.pass(tls_->fault(), std::chrono::steady_clock::now());
  if (count) base::log::debug("A TLS handshake failed").add("why", tls_->fault()).add("count", *count);
}

// Somebody speaks HTTP to the port of HTTPS.
void Session::answer_plainly() {
  tls_.reset();
  shape_ = {.close = true};
  linger_ = true;
  Response response;
  response.status = 400;
  response.content_type = "text/plain; charset=utf-8";
  response.body = "This port speaks HTTPS: write https:// in the URL\n";
  write(response);
}

}  // namespace twinshift::http
