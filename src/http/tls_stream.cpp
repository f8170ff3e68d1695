#include "http/tls_stream.hpp"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <sys/socket.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace twinshift::http {
namespace {

// OpenSSL's own socket BIO writes without MSG_NOSIGNAL: a client that has gone would raise SIGPIPE.
int fd_of(BIO* bio) {
  return *static_cast<const int*>(BIO_get_data(bio));
}

int after_call(BIO* bio, ssize_t count, int retry) {
  BIO_clear_retry_flags(bio);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_flags(bio, retry | BIO_FLAGS_SHOULD_RETRY);
  return static_cast<int>(count);
}

int bio_write(BIO* bio, const char* from, int size) {
  return after_call(bio, ::send(fd_of(bio), from, static_cast<std::size_t>(size), MSG_NOSIGNAL), BIO_FLAGS_WRITE);
}

int bio_read(BIO* bio, char* into, int size) {
  const ssize_t count = ::recv(fd_of(bio), into, static_cast<std::size_t>(size), 0);
  const int result = after_call(bio, count, BIO_FLAGS_READ);
  if (count == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return result;
}

long bio_control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD* method() {
  static BIO_METHOD* const made = [] {
    BIO_METHOD* fresh = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "socket without SIGPIPE");
    BIO_meth_set_write(fresh, &bio_write);
    BIO_meth_set_read(fresh, &bio_read);
    BIO_meth_set_ctrl(fresh, &bio_control);
    return fresh;
  }();
  return made;
}

int bounded(std::size_t size) {
  return static_cast<int>(std::min<std::size_t>(size, std::numeric_limits<int>::max()));
}

}  // namespace

TlsStream::TlsStream(const TlsContext& context, int fd) : fd_(fd), ssl_(SSL_new(context.current().get()), SSL_free) {
  BIO* bio = ssl_ ? BIO_new(method()) : nullptr;
  if (bio == nullptr) {
    ssl_.reset();
    return;
  }
  BIO_set_data(bio, &fd_);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_accept_state(ssl_.get());
}

TlsStream::~TlsStream() = default;

TlsStream::Handshake TlsStream::shake() {
  if (!ssl_) {
    fault_ = "no memory for TLS";
    return Handshake::failed;
  }
  ERR_clear_error();
  const int code = SSL_do_handshake(ssl_.get());
  if (code == 1) {
    shaken_ = true;
    return Handshake::done;
  }
  const int why = SSL_get_error(ssl_.get(), code);
  if (why == SSL_ERROR_WANT_READ) return Handshake::wants_read;
  if (why == SSL_ERROR_WANT_WRITE) return Handshake::wants_write;
  broken_ = true;
  const auto error = ERR_peek_error();
  const char* text = ERR_reason_error_string(error);
  fault_ = text != nullptr ? text : "the client has gone";
  const bool http = ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == SSL_R_HTTP_REQUEST;
  ERR_clear_error();
  return http ? Handshake::spoke_http : Handshake::failed;
}

ssize_t TlsStream::result_of(int code) {
  if (code > 0) return code;
  const int why = SSL_get_error(ssl_.get(), code);
  if (why == SSL_ERROR_ZERO_RETURN) return 0;
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
    errno = EAGAIN;
    return -1;
  }
  broken_ = true;
  ERR_clear_error();
  errno = EPROTO;
  return -1;
}

ssize_t TlsStream::read(char* into, std::size_t size) {
  ERR_clear_error();
  return result_of(SSL_read(ssl_.get(), into, bounded(size)));
}

ssize_t TlsStream::write(const char* from, std::size_t size) {
  ERR_clear_error();
  const ssize_t count = result_of(SSL_write(ssl_.get(), from, bounded(size)));
  waiting_ = count < 0;
  return count;
}

void TlsStream::say_end() {
  if (!shaken_ || broken_ || waiting_ || end_said_) return;
  end_said_ = true;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

}  // namespace twinshift::http
