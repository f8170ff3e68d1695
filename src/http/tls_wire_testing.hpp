// For tests: a client connection that speaks TLS. Every wait has a bound.
#pragma once

#include <array>
#include <csignal>
#include <memory>
#include <string>
#include <string_view>
#include <sys/time.h>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "http/wire_testing.hpp"

namespace twinshift::http::testing {

// Which versions a client offers; those before 1.2 only at OpenSSL's lowest level of security.
struct TlsOffer {
  int lowest = TLS1_2_VERSION;
  int highest = TLS1_3_VERSION;
};

class TlsWire : public Wire {
 public:
  explicit TlsWire(std::uint16_t port, TlsOffer offer = {}) : Wire(port) {
    block_sigpipe();
    const timeval limit{.tv_sec = std::chrono::seconds(kPatience).count(), .tv_usec = 0};
    setsockopt(native(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    SSL_CTX_set_min_proto_version(context_.get(), offer.lowest);
    SSL_CTX_set_max_proto_version(context_.get(), offer.highest);
    if (offer.lowest < TLS1_2_VERSION) SSL_CTX_set_cipher_list(context_.get(), "ALL:@SECLEVEL=0");
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), native());
    ERR_clear_error();
    shaken_ = SSL_connect(ssl_.get()) == 1;
    if (!shaken_) reason_ = ERR_GET_REASON(ERR_peek_error());
    ERR_clear_error();
  }

  [[nodiscard]] bool shaken() const { return shaken_; }
  // Of a handshake that failed: OpenSSL's SSL_R_ number.
  [[nodiscard]] int reason() const { return reason_; }
  [[nodiscard]] std::string version() const { return SSL_get_version(ssl_.get()); }
  [[nodiscard]] std::string protocol() const {  // by ALPN
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
  }
  // The CN of the certificate that the server showed.
  [[nodiscard]] std::string server_name() const {
    const std::unique_ptr<X509, decltype(&X509_free)> shown(SSL_get1_peer_certificate(ssl_.get()), X509_free);
    std::array<char, 256> name{};
    if (shown == nullptr) return {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(shown.get()), NID_commonName, name.data(), name.size());
    return name.data();
  }
  // After the end: the server said close_notify, so that nothing can have been cut off.
  [[nodiscard]] bool end_was_said() const {
    return (static_cast<unsigned>(SSL_get_shutdown(ssl_.get())) & SSL_RECEIVED_SHUTDOWN) != 0;
  }

 private:
  // OpenSSL's own way of writing raises it where the server has closed. For the test's thread alone, so that the
  // server's are tested as they are.
  static void block_sigpipe() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
  }
  ssize_t transmit(std::string_view bytes) override {
    return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
  }
  ssize_t receive(char* into, std::size_t size) override { return SSL_read(ssl_.get(), into, static_cast<int>(size)); }

  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{SSL_CTX_new(TLS_client_method()), SSL_CTX_free};
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, SSL_free};
  bool shaken_ = false;
  int reason_ = 0;
};

}  // namespace twinshift::http::testing
