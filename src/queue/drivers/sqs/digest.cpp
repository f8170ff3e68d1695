#include "queue/drivers/sqs/digest.hpp"

#include <array>
#include <cstdint>
#include <memory>

#include <openssl/evp.h>

#include "base/ids.hpp"

namespace twinshift::queue::sqs {
namespace {

constexpr std::size_t kMd5Bytes = 16;
constexpr std::string_view kTextType = "String";
constexpr char kTextTransport = 1;

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreeDigest {
  void operator()(EVP_MD* digest) const { EVP_MD_free(digest); }
};

// Fetching the algorithm costs more than a sum, so each thread keeps its own.
struct Md5 {
  std::unique_ptr<EVP_MD, FreeDigest> digest{EVP_MD_fetch(nullptr, "MD5", nullptr)};
  std::unique_ptr<EVP_MD_CTX, FreeContext> context{EVP_MD_CTX_new()};
};

void add_part(std::string& out, std::string_view part) {
  const auto size = static_cast<std::uint32_t>(part.size());
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(size >> shift & 0xFF);
  out += part;
}

}  // namespace

std::string md5_hex(std::string_view bytes) {
  thread_local Md5 md5;
  std::array<unsigned char, kMd5Bytes> sum{};
  if (md5.digest == nullptr || md5.context == nullptr ||
      EVP_DigestInit_ex2(md5.context.get(), md5.digest.get(), nullptr) != 1 ||
      EVP_DigestUpdate(md5.context.get(), bytes.data(), bytes.size()) != 1 ||
      EVP_DigestFinal_ex(md5.context.get(), sum.data(), nullptr) != 1) {
    return {};
  }
  return base::to_hex({reinterpret_cast<const char*>(sum.data()), sum.size()});
}

std::string md5_of_attributes(const std::vector<TextAttribute>& attributes) {
  std::string text;
  for (const TextAttribute& each : attributes) {
    add_part(text, each.name);
    add_part(text, kTextType);
    text += kTextTransport;
    add_part(text, each.value);
  }
  return md5_hex(text);
}

}  // namespace twinshift::queue::sqs
