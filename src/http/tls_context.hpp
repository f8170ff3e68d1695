// The certificate and key that a server speaks TLS with, taken anew from their files when these change. New
// connections get the newest; those that are open go on with theirs. This header does not know OpenSSL. Any thread.
#pragma once

#include <chrono>
#include <memory>

#include "base/error.hpp"
#include "http/tls_files.hpp"

namespace twinshift::http {

// The files are looked at this often; a change is taken at most this much later.
inline constexpr std::chrono::milliseconds kTlsLookEvery{5'000};

class TlsContext {
 public:
  // Reads the files. Errors: those of load_tls(). An expired certificate is no error, but a warning of the log.
  static base::Result<std::shared_ptr<TlsContext>> open(const TlsFiles& files,
                                                        std::chrono::milliseconds look_every = kTlsLookEvery);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // Reads these files now, and looks at them from now on; after an error the pair and the files before stay in use.
  base::Status take(const TlsFiles& files);
  [[nodiscard]] CertificateFacts certificate() const;
  // For a new connection.
  [[nodiscard]] std::shared_ptr<ssl_ctx_st> current() const;

 private:
  struct Impl;
  explicit TlsContext(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace twinshift::http
