// A server's certificate: which files are taken, and how they are taken anew.
#include "http/tls_context.hpp"

#include <fstream>

#include "http/tls_wire_testing.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/log_capture.hpp"
#include "tests/support/temporary_folder.hpp"

namespace twinshift::http::testing {
namespace {

using tests::CertificateOf;
using tests::write_certificate;

class TlsContextTest : public ServerTest {
 protected:
  ~TlsContextTest() override { server_.reset(); }  // it has a share in the context, which logs and looks at the folder

  TlsFiles write(const std::string& stem, const CertificateOf& of = {}) {
    const auto files = write_certificate(folder_.path(), stem, of);
    return {files.certificate, files.key};
  }
  // Looks for itself only where a test says so.
  void serve(const TlsFiles& files, std::chrono::milliseconds look_every = 1h) {
    auto opened = TlsContext::open(files, look_every);
    ASSERT_TRUE(opened) << opened.error().text();
    context_ = *opened;
    Options options;
    options.tls = context_;
    start(std::move(options));
  }
  std::string shown_now() { return TlsWire(server_->port()).server_name(); }
  bool told(std::string_view words) const { return log_.text().find(words) != std::string::npos; }
  static void spoil(const std::filesystem::path& file) { std::ofstream(file, std::ios::trunc) << "no PEM\n"; }

  tests::LogCapture log_;
  tests::TemporaryFolder folder_;
  std::shared_ptr<TlsContext> context_;
};

TEST_F(TlsContextTest, SaysWhatIsWrongWithTheFilesAndWhich) {
  const TlsFiles good = write("good");
  const TlsFiles other = write("other");
  const auto broken = folder_ / "broken.pem";
  const auto locked = folder_ / "locked.key";
  spoil(broken);
  tests::write_encrypted_key(locked);
  struct Case {
    TlsFiles files;
    std::filesystem::path named;
    std::string_view words;
  };
  const Case cases[] = {
      {{folder_ / "none.crt", good.key}, folder_ / "none.crt", "cannot be read"},
      {{folder_.path(), good.key}, folder_.path(), "cannot be read"},
      {{good.certificate, folder_ / "none.key"}, folder_ / "none.key", "cannot be read"},
      {{broken, good.key}, broken, "no certificate in PEM"},
      {{good.key, good.key}, good.key, "no certificate in PEM"},
      {{good.certificate, broken}, broken, "no private key in PEM"},
      {{good.certificate, good.certificate}, good.certificate, "no private key in PEM"},
      {{good.certificate, locked}, locked, "is encrypted"},
      {{good.certificate, other.key}, other.key, "does not fit the certificate"},
  };
  for (const Case& each : cases) {
    const auto opened = TlsContext::open(each.files);
    ASSERT_FALSE(opened) << each.words;
    EXPECT_EQ(opened.error().kind, base::ErrorKind::invalid);
    EXPECT_EQ(opened.error().where, each.named.string());
    EXPECT_NE(opened.error().message.find(each.words), std::string::npos) << opened.error().text();
    EXPECT_FALSE(opened.error().hint.empty());
  }
}

TEST_F(TlsContextTest, TellsWhoseAndUntilWhen) {
  const auto opened = TlsContext::open(write("named", {.name = "events.example.com", .begins = {}, .ends = 24h * 30}));
  ASSERT_TRUE(opened) << opened.error().text();
  const CertificateFacts facts = (*opened)->certificate();
  EXPECT_EQ(facts.subject, "CN=events.example.com");
  const auto now = std::chrono::system_clock::now();
  EXPECT_LT(std::chrono::abs(facts.not_before - now), 1h);
  EXPECT_LT(std::chrono::abs(facts.not_after - now - 24h * 30), 1h);
  EXPECT_TRUE(told("TLS certificate taken"));
  EXPECT_FALSE(told("\"warn\""));
}

TEST_F(TlsContextTest, WarnsOfAnEndThatIsNearOrPast) {
  EXPECT_TRUE(TlsContext::open(write("soon", {.ends = 24h * 13})));
  EXPECT_TRUE(told("The TLS certificate ends soon"));
  EXPECT_FALSE(told("has expired"));
  EXPECT_TRUE(TlsContext::open(write("past", {.begins = -48h, .ends = -24h})));
  EXPECT_TRUE(told("The TLS certificate has expired"));
}

TEST_F(TlsContextTest, NewConnectionsGetTheNewOneAndOpenOnesGoOn) {
  serve(write("first", {.name = "first"}));
  TlsWire before(server_->port());
  ASSERT_EQ(before.server_name(), "first");
  const auto taken = context_->take(write("second", {.name = "second"}));
  ASSERT_TRUE(taken) << taken.error().text();
  EXPECT_EQ(shown_now(), "second");
  EXPECT_EQ(context_->certificate().subject, "CN=second");
  ASSERT_TRUE(before.send(post("still here")));
  EXPECT_EQ(before.answer().body, "still here");
}

TEST_F(TlsContextTest, FilesThatCannotBeTakenLeaveAllAsItWas) {
  const TlsFiles first = write("first", {.name = "first"});
  serve(first);
  const TlsFiles second = write("second", {.name = "second"});
  const auto taken = context_->take({first.certificate, second.key});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().where, second.key.string());
  EXPECT_EQ(shown_now(), "first");
  EXPECT_EQ(context_->certificate().subject, "CN=first");
}

TEST_F(TlsContextTest, SeesForItselfThatTheFilesHaveChanged) {
  serve(write("server", {.name = "first"}), 1ms);
  ASSERT_EQ(shown_now(), "first");
  write("server", {.name = "second"});
  EXPECT_TRUE(wait_until([&] { return shown_now() == "second"; }));
}

TEST_F(TlsContextTest, ABrokenFileIsToldAndTheOneBeforeStays) {
  const TlsFiles files = write("server", {.name = "first"});
  serve(files, 1ms);
  spoil(files.certificate);
  ASSERT_TRUE(wait_until([&] { return told("the certificate before stays in use"); }));
  EXPECT_TRUE(told(files.certificate.string()));
  EXPECT_EQ(shown_now(), "first");
  write("server", {.name = "second"});
  EXPECT_TRUE(wait_until([&] { return shown_now() == "second"; }));
}

TEST_F(TlsContextTest, LooksAtTheFilesThatWereTakenLast) {
  serve(write("server", {.name = "first"}), 1ms);
  ASSERT_TRUE(context_->take(write("moved", {.name = "second"})));
  ASSERT_EQ(shown_now(), "second");
  write("moved", {.name = "third"});
  EXPECT_TRUE(wait_until([&] { return shown_now() == "third"; }));
}

}  // namespace
}  // namespace twinshift::http::testing
