// The certificate and key that a server speaks TLS with, taken anew from their files when these change. New
// connections get the newest; those that are open go on with theirs. This header does not know OpenSSL. Any thread.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"

struct ssl_ctx_st;

namespace twinshift::http {

// The files are looked at this often; a change is taken at most this much later.
inline constexpr std::chrono::milliseconds kTlsLookEvery{5'000};
// A certificate that ends sooner is warned of.
inline constexpr std::chrono::hours kCertificateEndsSoon{14 * 24};

struct TlsFiles {
  std::filesystem::path certificate;  // PEM: the certificate, then its chain
  std::filesystem::path key;          // PEM, without a password
};

struct CertificateFacts {
  std::string subject;
  base::WallTime not_after;
};

class TlsContext {
 public:
  // Reads the files. Errors: invalid (cannot be read, encrypted key, a pair that does not fit), naming the file.
  // An expired certificate is no error, but a warning of the log.
  static base::Result<std::shared_ptr<TlsContext>> open(const TlsFiles& files,
                                                        std::chrono::milliseconds look_every = kTlsLookEvery);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // Reads the files now; after an error the pair before stays in use.
  base::Status reload_now();
  [[nodiscard]] CertificateFacts certificate() const;
  // For a new connection.
  [[nodiscard]] std::shared_ptr<ssl_ctx_st> current() const;

 private:
  struct Impl;
  explicit TlsContext(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace twinshift::http
