#include "base/sha256.hpp"

#include "base/assert.hpp"
#include "base/ids.hpp"

namespace twinshift::base {

Sha256::Sha256() : kind_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {
  TWINSHIFT_ASSERT(kind_ != nullptr && context_ != nullptr);
}

void Sha256::add(std::string_view bytes) {
  if (!begun_) TWINSHIFT_ASSERT(EVP_DigestInit_ex2(context_.get(), kind_.get(), nullptr) == 1);
  begun_ = true;
  TWINSHIFT_ASSERT(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

Sha256Sum Sha256::finish() {
  if (!begun_) add({});
  begun_ = false;
  Sha256Sum sum{};
  TWINSHIFT_ASSERT(EVP_DigestFinal_ex(context_.get(), sum.data(), nullptr) == 1);
  return sum;
}

Sha256Sum sha256(std::string_view text, std::string_view rest) {
  thread_local Sha256 digest;
  digest.add(text);
  if (!rest.empty()) digest.add(rest);
  return digest.finish();
}

std::string to_hex(const Sha256Sum& sum) {
  return to_hex(std::string_view(reinterpret_cast<const char*>(sum.data()), sum.size()));
}

}  // namespace twinshift::base
