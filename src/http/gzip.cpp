#include "http/gzip.hpp"

#include <algorithm>
#include <limits>
#include <new>
#include <utility>

#include <zlib.h>

namespace twinshift::http {
namespace {

constexpr int kGzipWindowBits = 15 + 16;  // zlib: the largest window, gzip wrapping only
constexpr std::size_t kFirstGrowth = 8 * 1024;

class Inflater {
 public:
  Inflater() {
    if (inflateInit2(&stream_, kGzipWindowBits) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
};

DecodeFault broken() {
  return {400, "The body is not valid gzip, though Content-Encoding says so"};
}

DecodeFault too_large(std::size_t bytes_max) {
  return {413, "The body is too large once decompressed: at most " + std::to_string(bytes_max) + " bytes are taken"};
}

std::optional<DecodeFault> gunzip(std::string& body, std::size_t bytes_max) {
  if (body.empty() || body.size() > std::numeric_limits<uInt>::max()) return broken();
  Inflater inflater;
  z_stream& stream = inflater.stream();
  stream.next_in = reinterpret_cast<Bytef*>(body.data());
  stream.avail_in = static_cast<uInt>(body.size());
  std::string out;
  for (;;) {
    if (stream.avail_out == 0) {
      const std::size_t filled = out.size();
      if (filled > bytes_max) return too_large(bytes_max);
      // One byte above the limit shows that there is more than the limit.
      out.resize(std::min(bytes_max + 1, std::max(filled * 2, kFirstGrowth)));
      stream.next_out = reinterpret_cast<Bytef*>(out.data() + filled);
      stream.avail_out = static_cast<uInt>(out.size() - filled);
    }
    const int result = inflate(&stream, Z_NO_FLUSH);
    if (result == Z_STREAM_END) {
      if (stream.avail_in == 0) break;
      if (inflateReset(&stream) != Z_OK) return broken();  // the next member
      continue;
    }
    if (result == Z_BUF_ERROR && stream.avail_out == 0) continue;
    if (result != Z_OK) return broken();  // also where the input ends early
  }
  out.resize(out.size() - stream.avail_out);
  if (out.size() > bytes_max) return too_large(bytes_max);
  body = std::move(out);
  return std::nullopt;
}

}  // namespace

std::optional<DecodeFault> decode_body(std::string_view encoding, std::string& body, std::size_t bytes_max) {
  if (encoding.empty() || encoding == "identity") return std::nullopt;
  if (encoding == "gzip" || encoding == "x-gzip") return gunzip(body, bytes_max);
  return DecodeFault{415, "This Content-Encoding is not known here: send gzip or none"};
}

}  // namespace twinshift::http
