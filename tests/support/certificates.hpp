// Self-signed certificates with keys of their own, for tests of TLS. One thread.
#pragma once

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace twinshift::tests {

struct CertificateOf {
  std::string name = "localhost";  // the CN
  std::chrono::hours begins{-1};   // from now
  std::chrono::hours ends{24 * 365};
};

struct CertificateFiles {
  std::filesystem::path certificate;
  std::filesystem::path key;
};

namespace certificates_detail {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

// For what can fail only by a mistake in a test.
inline void must(bool holds) {
  if (!holds) std::abort();
}

// Written beside and renamed, as an operator should: nobody reads half a file.
template <class Write>
void write_whole(const std::filesystem::path& path, Write write) {
  const std::string fresh = path.string() + ".new";
  std::FILE* file = std::fopen(fresh.c_str(), "wb");
  must(file != nullptr);
  must(write(file) == 1);
  must(std::fclose(file) == 0);
  std::filesystem::rename(fresh, path);
}

inline Certificate sign(EVP_PKEY* key, const CertificateOf& of) {
  Certificate made(X509_new(), X509_free);
  must(made != nullptr && X509_set_version(made.get(), 2) == 1);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
  const auto seconds = [](std::chrono::hours time) { return static_cast<long>(std::chrono::seconds(time).count()); };
  X509_gmtime_adj(X509_getm_notBefore(made.get()), seconds(of.begins));
  X509_gmtime_adj(X509_getm_notAfter(made.get()), seconds(of.ends));
  X509_NAME* name = X509_get_subject_name(made.get());
  must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(of.name.c_str()),
                                  -1, -1, 0) == 1);
  must(X509_set_issuer_name(made.get(), name) == 1 && X509_set_pubkey(made.get(), key) == 1);
  must(X509_sign(made.get(), key, EVP_sha256()) > 0);
  return made;
}

}  // namespace certificates_detail

// Writes `stem`.crt and `stem`.key into the folder, in place of what stood there.
inline CertificateFiles write_certificate(const std::filesystem::path& folder, const std::string& stem,
                                          const CertificateOf& of = {}) {
  namespace detail = certificates_detail;
  const detail::Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  detail::must(key != nullptr);
  const detail::Certificate certificate = detail::sign(key.get(), of);
  CertificateFiles files{folder / (stem + ".crt"), folder / (stem + ".key")};
  detail::write_whole(files.key, [&](std::FILE* file) {
    return PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  detail::write_whole(files.certificate, [&](std::FILE* file) { return PEM_write_X509(file, certificate.get()); });
  return files;
}

// A private key that asks for a password.
inline void write_encrypted_key(const std::filesystem::path& path) {
  namespace detail = certificates_detail;
  const detail::Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  detail::must(key != nullptr);
  unsigned char password[] = "password";
  detail::write_whole(path, [&](std::FILE* file) {
    return PEM_write_PrivateKey(file, key.get(), EVP_aes_128_cbc(), password, sizeof password - 1, nullptr, nullptr);
  });
}

}  // namespace twinshift::tests
