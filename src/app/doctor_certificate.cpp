#include "app/doctor_certificate.hpp"

#include <string>

#include <fmt/format.h>

#include "base/time_text.hpp"

namespace twinshift::app {
namespace {

constexpr const char* kRenew = "Renew it and write it to TLS_CERT_FILE; a running service takes it without a restart";

}  // namespace

Finding check_certificate(const http::TlsFiles& files, base::WallTime now) {
  const auto pair = http::load_tls(files);
  if (!pair) {
    return failure(pair.error(), "the service cannot start; one that runs goes on with the certificate it has");
  }
  const http::CertificateFacts& facts = pair->facts;
  const std::string ends = base::iso8601_ms(facts.not_after);
  if (facts.not_after <= now) {
    return failure(fmt::format("{} expired at {}", facts.subject, ends),
                   "who verifies certificates, as AppsFlyer does, sends nothing here", kRenew);
  }
  if (facts.not_before > now) {
    return failure(fmt::format("{} begins only at {}", facts.subject, base::iso8601_ms(facts.not_before)),
                   "until then who verifies certificates sends nothing here",
                   "Look at this machine's clock; else have one made that begins now");
  }
  const std::string what = fmt::format("{} is good until {}", facts.subject, ends);
  if (facts.not_after - now > http::kCertificateEndsSoon) return good(what);
  return warning(what, "14 days or less are left; after that no sender that verifies it delivers", kRenew);
}

}  // namespace twinshift::app
