#include "app/doctor_certificate.hpp"

#include <gmock/gmock.h>

#include "tests/support/certificates.hpp"
#include "tests/support/temporary_folder.hpp"

namespace twinshift::app {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class DoctorCertificateTest : public testing::Test {
 protected:
  http::TlsFiles write(const std::string& stem, const tests::CertificateOf& of = {}) {
    const auto files = tests::write_certificate(folder_.path(), stem, of);
    return {files.certificate, files.key};
  }
  static Finding check(const http::TlsFiles& files, std::chrono::hours later = 0h) {
    return check_certificate(files, base::system_clock().now() + later);
  }
  tests::TemporaryFolder folder_;
};

TEST_F(DoctorCertificateTest, GoodWarnedOfInItsLastTwoWeeksAndFailedAtItsEnd) {
  const http::TlsFiles files = write("server", {.name = "events.example.com", .ends = 24h * 30});
  EXPECT_EQ(check(files).state, CheckState::ok);
  EXPECT_THAT(check(files).what, HasSubstr("CN=events.example.com is good until 20"));
  EXPECT_EQ(check(files, 24h * 15).state, CheckState::ok);
  const Finding soon = check(files, 24h * 17);
  EXPECT_EQ(soon.state, CheckState::warn);
  EXPECT_THAT(soon.cure, HasSubstr("TLS_CERT_FILE"));
  const Finding past = check(files, 24h * 31);
  EXPECT_EQ(past.state, CheckState::fail);
  EXPECT_THAT(past.what, HasSubstr("expired at 20"));
}

TEST_F(DoctorCertificateTest, OneThatHasNotBegunFails) {
  const Finding found = check(write("server"), -48h);
  EXPECT_EQ(found.state, CheckState::fail);
  EXPECT_THAT(found.what, HasSubstr("begins only at"));
}

TEST_F(DoctorCertificateTest, FilesThatTheStartWouldNotTakeFail) {
  const http::TlsFiles one = write("one");
  const http::TlsFiles other = write("other");
  const Finding strangers = check({one.certificate, other.key});
  EXPECT_EQ(strangers.state, CheckState::fail);
  EXPECT_THAT(strangers.what, HasSubstr("does not fit"));
  const Finding missing = check({folder_ / "none.crt", one.key});
  EXPECT_EQ(missing.state, CheckState::fail);
  EXPECT_THAT(missing.what, HasSubstr("none.crt"));
  EXPECT_THAT(missing.cure, HasSubstr("TLS_CERT_FILE"));
}

}  // namespace
}  // namespace twinshift::app
