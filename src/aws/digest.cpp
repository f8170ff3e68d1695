#include "aws/digest.hpp"

#include <array>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/assert.hpp"

namespace twinshift::aws {

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  TWINSHIFT_ASSERT(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                        reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), out.data(),
                        &size) != nullptr);
  return {reinterpret_cast<const char*>(out.data()), size};
}

}  // namespace twinshift::aws
