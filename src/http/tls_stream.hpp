// TLS on one connection's socket, with recv()'s and send()'s way of answering, so that a session reads and writes
// either in the same way. One io thread. This header does not know OpenSSL.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <sys/types.h>

#include "http/tls_context.hpp"

struct ssl_st;

namespace twinshift::http {

class TlsStream {
 public:
  enum class Handshake { done, wants_read, wants_write, spoke_http, failed };

  // `fd`: non-blocking, the caller's, open as long as this is.
  TlsStream(const TlsContext& context, int fd);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  // Goes on with it.
  Handshake shake();
  // Why it failed, for the log.
  [[nodiscard]] const std::string& fault() const { return fault_; }

  // As recv() and send(): below 0 with errno, EAGAIN where it must wait; 0 at the end. A record is no larger than a
  // session's read buffer, so that nothing that was received waits here unseen. A write that must wait goes on with the
  // same bytes.
  ssize_t read(char* into, std::size_t size);
  ssize_t write(const char* from, std::size_t size);
  // Says close_notify once, and waits for nothing.
  void say_end();

 private:
  ssize_t result_of(int code);

  int fd_;  // OpenSSL reads and writes by it: before ssl_
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> ssl_;
  std::string fault_;
  bool shaken_ = false;
  bool broken_ = false;   // nothing may be said any more
  bool waiting_ = false;  // a record is half written
  bool end_said_ = false;
};

}  // namespace twinshift::http
