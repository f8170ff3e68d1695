// The certificate that the service's ports speak TLS with. Any thread; blocks for reading two small files.
#pragma once

#include "app/doctor_check.hpp"
#include "base/clock.hpp"
#include "http/tls_files.hpp"

namespace twinshift::app {

// Whether the start could take these files, and how long senders will. Warns in the last 14 days
// (http::kCertificateEndsSoon).
Finding check_certificate(const http::TlsFiles& files, base::WallTime now);

}  // namespace twinshift::app
