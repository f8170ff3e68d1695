// A certificate and its key, read from their files and made ready for new connections. This header does not know
// OpenSSL. Any thread; blocks for reading two small files.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"

struct ssl_ctx_st;

namespace twinshift::http {

// A certificate that ends sooner is warned of.
inline constexpr std::chrono::hours kCertificateEndsSoon{14 * 24};

struct TlsFiles {
  std::filesystem::path certificate;  // PEM: the certificate, then its chain
  std::filesystem::path key;          // PEM, without a password
  bool operator==(const TlsFiles&) const = default;
};

struct CertificateFacts {
  std::string subject;
  base::WallTime not_before;
  base::WallTime not_after;
};

struct TlsPair {
  std::shared_ptr<ssl_ctx_st> context;
  CertificateFacts facts;
};

// Errors: invalid (cannot be read, no PEM, an encrypted key, a pair that does not fit), naming the file. A certificate
// that has expired is none.
base::Result<TlsPair> load_tls(const TlsFiles& files);

}  // namespace twinshift::http
