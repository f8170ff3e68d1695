#include "queue/drivers/sqs/squeeze.hpp"

#include <algorithm>
#include <limits>

#include <openssl/evp.h>
#include <zlib.h>

#include "base/assert.hpp"

namespace twinshift::queue::sqs {
namespace {

constexpr int kGzipWindowBits = 15 + 16;  // zlib: the largest window, gzip wrapping
constexpr int kMemoryLevel = 8;           // zlib's default
constexpr std::size_t kFirstGrowth = 16 * 1024;

std::string gzip(std::string_view bytes) {
  TWINSHIFT_ASSERT(bytes.size() <= std::numeric_limits<uInt>::max());
  z_stream stream{};
  TWINSHIFT_ASSERT(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindowBits, kMemoryLevel,
                                Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  std::string in(bytes);  // zlib's interface knows no const
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  TWINSHIFT_ASSERT(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

class Inflater {
 public:
  explicit Inflater(std::string& bytes) : sound_(inflateInit2(&stream_, kGzipWindowBits) == Z_OK) {
    TWINSHIFT_ASSERT(sound_);
    stream_.next_in = reinterpret_cast<Bytef*>(bytes.data());
    stream_.avail_in = static_cast<uInt>(bytes.size());
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  std::expected<std::string, SqueezeFault> all(std::size_t bytes_max) {
    std::string out;
    for (;;) {
      const std::size_t filled = out.size();
      if (filled > bytes_max) return std::unexpected(SqueezeFault::too_large);
      // One byte above the limit shows that there is more than the limit.
      out.resize(std::min(bytes_max + 1, std::max(filled * 2, kFirstGrowth)));
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + filled);
      stream_.avail_out = static_cast<uInt>(out.size() - filled);
      const int result = inflate(&stream_, Z_NO_FLUSH);
      const std::size_t left = stream_.avail_out;
      if (result == Z_STREAM_END) {
        out.resize(out.size() - left);
        if (stream_.avail_in != 0) return std::unexpected(SqueezeFault::broken);
        if (out.size() > bytes_max) return std::unexpected(SqueezeFault::too_large);
        return out;
      }
      // Broken, or the input ends early.
      if (result != Z_OK || left > 0) return std::unexpected(SqueezeFault::broken);
    }
  }

 private:
  z_stream stream_{};
  bool sound_;
};

}  // namespace

std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock adds a NUL
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  // EVP_DecodeBlock takes blanks around the text and does not take the padding off.
  const auto stranger = [](char c) { return c <= ' '; };
  if (std::ranges::any_of(text, stranger)) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  std::string bytes(text.size() / 4 * 3, '\0');
  const int length =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (length < 0 || static_cast<std::size_t>(length) < padding) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(length) - padding);
  return bytes;
}

std::string squeeze(std::string_view bytes) {
  return base64(gzip(bytes));
}

std::expected<std::string, SqueezeFault> unsqueeze(std::string_view text, std::size_t bytes_max) {
  std::optional<std::string> packed = from_base64(text);
  if (!packed || packed->size() > std::numeric_limits<uInt>::max()) return std::unexpected(SqueezeFault::broken);
  return Inflater(*packed).all(bytes_max);
}

}  // namespace twinshift::queue::sqs
