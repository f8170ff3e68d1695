// SHA-256 (FIPS 180-4), by OpenSSL: of a text at once, or of what comes in pieces. sha256(): any thread; an object: one
// thread at a time.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include <openssl/evp.h>

namespace twinshift::base {

using Sha256Sum = std::array<unsigned char, 32>;

// Worth keeping where many sums are made: fetching the algorithm and making a context cost more than a short text's
// sum.
class Sha256 {
 public:
  Sha256();
  void add(std::string_view bytes);
  // Of all that was added since the beginning, or since the last call.
  Sha256Sum finish();

 private:
  struct Free {
    void operator()(EVP_MD* kind) const { EVP_MD_free(kind); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD, Free> kind_;
  std::unique_ptr<EVP_MD_CTX, Free> context_;
  bool begun_ = false;
};

// Of both texts, one behind the other.
Sha256Sum sha256(std::string_view text, std::string_view rest = {});
// 64 lower-case digits.
std::string to_hex(const Sha256Sum& sum);

}  // namespace twinshift::base
