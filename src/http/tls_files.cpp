#include "http/tls_files.hpp"

#include <ctime>
#include <fstream>
#include <iterator>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace twinshift::http {
namespace {

using base::ErrorKind;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Context = std::shared_ptr<SSL_CTX>;

constexpr std::size_t kPemBytesMax = 1024 * 1024;
constexpr std::size_t kChainMax = 16;
// Forward secret and authenticated; AppsFlyer speaks the two AES128 ones. Those of TLS 1.3 are OpenSSL's own.
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

std::string openssl_text() {
  const char* reason = ERR_reason_error_string(ERR_peek_error());
  std::string text = reason == nullptr ? "OpenSSL does not say why" : reason;
  ERR_clear_error();
  return text;
}

std::unexpected<base::Error> refused(std::string message, const std::filesystem::path& file, std::string hint) {
  ERR_clear_error();
  return base::fail(ErrorKind::invalid, std::move(message), file.string(), std::move(hint));
}

base::Result<std::string> read_pem(const std::filesystem::path& file, const char* setting) {
  std::error_code code;
  std::ifstream in;
  if (std::filesystem::is_regular_file(file, code)) in.open(file, std::ios::binary);
  std::string text;
  if (in.is_open()) text.assign(std::istreambuf_iterator<char>(in), {});
  if (!in.is_open() || in.bad()) {
    return refused("The file cannot be read", file,
                   std::string("Set ") + setting + " to a PEM file that the service's user may read");
  }
  if (text.size() > kPemBytesMax) return refused("The file is too large for PEM", file, "Check which file it is");
  return text;
}

int no_password(char* /*buffer*/, int /*size*/, int /*writes*/, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

int choose_http(SSL* /*ssl*/, const unsigned char** out, unsigned char* size, const unsigned char* offered,
                unsigned offered_size, void* /*unused*/) {
  static constexpr unsigned char kOurs[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  const int found = SSL_select_next_proto(&chosen, size, kOurs, sizeof kOurs - 1, offered, offered_size);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

Context make_context() {
  Context context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (context == nullptr || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(context.get(), kCiphers) != 1) {
    return nullptr;
  }
  // A request says its own length, so an end without close_notify cuts nothing off unnoticed.
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  // Tickets are the client's to keep; a cache of ours would grow.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(context.get(), &choose_http, nullptr);
  return context;
}

base::WallTime wall_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return base::WallTime(std::chrono::seconds(::timegm(&parts)));
}

CertificateFacts facts_of(X509* certificate) {
  CertificateFacts facts;
  const Bio out(BIO_new(BIO_s_mem()), BIO_free);
  X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  if (size > 0) facts.subject.assign(text, static_cast<std::size_t>(size));
  facts.not_before = wall_of(X509_get0_notBefore(certificate));
  facts.not_after = wall_of(X509_get0_notAfter(certificate));
  return facts;
}

base::Result<CertificateFacts> use_certificate(SSL_CTX* context, const TlsFiles& files) {
  auto text = read_pem(files.certificate, "TLS_CERT_FILE");
  if (!text) return base::fail(std::move(text.error()));
  const Bio in(BIO_new_mem_buf(text->data(), static_cast<int>(text->size())), BIO_free);
  const Certificate own(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr), X509_free);
  if (!own) {
    return refused("It holds no certificate in PEM", files.certificate,
                   "Set TLS_CERT_FILE to the certificate with its chain behind it");
  }
  if (SSL_CTX_use_certificate(context, own.get()) != 1) {
    return refused("The certificate is refused: " + openssl_text(), files.certificate,
                   "Have one made with a key of today's length");
  }
  for (std::size_t i = 0; i < kChainMax; ++i) {
    Certificate next(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr), X509_free);
    if (!next) break;
    if (SSL_CTX_add0_chain_cert(context, next.get()) == 1) (void)next.release();
  }
  ERR_clear_error();  // the end of the file is one
  return facts_of(own.get());
}

base::Status use_key(SSL_CTX* context, const TlsFiles& files) {
  auto text = read_pem(files.key, "TLS_KEY_FILE");
  if (!text) return base::fail(std::move(text.error()));
  bool password_asked = false;
  const Bio in(BIO_new_mem_buf(text->data(), static_cast<int>(text->size())), BIO_free);
  const Key key(PEM_read_bio_PrivateKey(in.get(), nullptr, &no_password, &password_asked), EVP_PKEY_free);
  OPENSSL_cleanse(text->data(), text->size());
  if (password_asked) {
    return refused("The private key is encrypted", files.key,
                   "Write it without a password (`openssl pkey -in KEY -out NEW`) and let only the service read it");
  }
  if (!key) return refused("It holds no private key in PEM", files.key, "Set TLS_KEY_FILE to the certificate's key");
  if (SSL_CTX_use_PrivateKey(context, key.get()) == 1 && SSL_CTX_check_private_key(context) == 1) return {};
  return refused("The private key does not fit the certificate " + files.certificate.string(), files.key,
                 "Set TLS_CERT_FILE and TLS_KEY_FILE to files of one pair");
}

}  // namespace

base::Result<TlsPair> load_tls(const TlsFiles& files) {
  ERR_clear_error();
  Context context = make_context();
  if (!context) return refused("OpenSSL cannot speak TLS: " + openssl_text(), "OpenSSL", "Check its configuration");
  auto facts = use_certificate(context.get(), files);
  if (!facts) return base::fail(std::move(facts.error()));
  if (auto used = use_key(context.get(), files); !used) return base::fail(std::move(used.error()));
  return TlsPair{std::move(context), std::move(*facts)};
}

}  // namespace twinshift::http
