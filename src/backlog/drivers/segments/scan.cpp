#include "backlog/drivers/segments/scan.hpp"

#include <string>
#include <utility>

namespace twinshift::backlog::segments {
namespace {

// Read at a time while looking for the next header in a damaged stretch.
constexpr std::size_t kSearchBytes = 1'000'000;

class Scanner {
 public:
  Scanner(const DiskFile& file, std::uint64_t file_bytes) : file_(file), bytes_(file_bytes) {}

  base::Result<Scan> run() {
    scan_.file_bytes = bytes_;
    scan_.good_end = kFileHeaderBytes;
    if (auto read = read_file_header(); !read) return base::fail(std::move(read.error()));
    std::uint64_t at = kFileHeaderBytes;
    while (at < bytes_) {
      auto next = step(at);
      if (!next) return base::fail(std::move(next.error()));
      if (!*next) break;
      at = **next;
    }
    return std::move(scan_);
  }

 private:
  base::Status read_file_header() {
    auto bytes = file_.read(0, kFileHeaderBytes);
    if (!bytes) return base::fail(std::move(bytes.error()));
    scan_.header = decode_file_header(*bytes);
    if (!scan_.header) return {};
    nonce_ = scan_.header->nonce;
    if (scan_.header->version == kFormatVersion) return {};
    return base::fail(base::ErrorKind::conflict,
                      "a segment of the backlog is of format " + std::to_string(scan_.header->version) +
                          ", this version of Twinshift knows " + std::to_string(kFormatVersion),
                      file_.path(), "Start the version that wrote it, until the backlog is drained");
  }

  // Where the next block begins; nothing at the end of what can be told.
  base::Result<std::optional<std::uint64_t>> step(std::uint64_t at) {
    auto bytes = file_.read(at, kBlockHeaderBytes);
    if (!bytes) return base::fail(std::move(bytes.error()));
    if (bytes->size() == kBlockHeaderBytes) {
      if (const auto header = decode_block_header(*bytes, HeaderPlace::head); header && fits(*header)) {
        return take(*header, at);
      }
    }
    // A block before this one may have lost bytes: then the next head stands before its end.
    const std::uint64_t from = scan_.blocks.empty() ? kFileHeaderBytes : scan_.blocks.back().at + kBlockHeaderBytes;
    return search(from, at);
  }

  [[nodiscard]] bool fits(const BlockHeader& header) const {
    const bool ours = !nonce_ || header.nonce == *nonce_;
    return ours && (scan_.blocks.empty() || header.first >= scan_.blocks.back().header.end());
  }

  std::optional<std::uint64_t> take(const BlockHeader& header, std::uint64_t at) {
    nonce_ = header.nonce;
    const std::uint64_t end = at + header.total_bytes();
    if (scan_.good_end != at) scan_.damaged = true;
    scan_.blocks.push_back({.header = header, .at = at, .end = std::min(end, bytes_)});
    if (end > bytes_) return std::nullopt;
    scan_.good_end = end;
    return end;
  }

  // The first head or foot of a later block between `from` and the file's end.
  base::Result<std::optional<std::uint64_t>> search(std::uint64_t from, std::uint64_t expected) {
    for (std::uint64_t at = from; at < bytes_;) {
      auto chunk = file_.read(at, kSearchBytes);
      if (!chunk) return base::fail(std::move(chunk.error()));
      const std::string_view bytes = *chunk;
      for (std::size_t i = bytes.find(kBlockMagicFirst); i != std::string_view::npos;
           i = bytes.find(kBlockMagicFirst, i + 1)) {
        if (i + kBlockHeaderBytes > bytes.size()) break;
        if (auto next = found(bytes.substr(i, kBlockHeaderBytes), at + i, expected)) return next;
      }
      if (bytes.size() < kSearchBytes) break;
      at += bytes.size() - kBlockHeaderBytes;
    }
    return std::optional<std::uint64_t>();
  }

  std::optional<std::uint64_t> found(std::string_view bytes, std::uint64_t at, std::uint64_t expected) {
    if (const auto header = decode_block_header(bytes, HeaderPlace::head); header && fits(*header)) {
      scan_.damaged = true;
      scan_.good_end = at;
      return at;
    }
    const auto header = decode_block_header(bytes, HeaderPlace::foot);
    if (!header || !fits(*header)) return std::nullopt;
    if (expected + header->total_bytes() != at + kBlockHeaderBytes) return std::nullopt;
    scan_.damaged = true;
    scan_.good_end = expected;
    return take(*header, expected);
  }

  const DiskFile& file_;
  const std::uint64_t bytes_;
  std::optional<std::uint64_t> nonce_;
  Scan scan_;
};

}  // namespace

base::Result<Scan> scan_segment(const DiskFile& file) {
  auto size = file.size();
  if (!size) return base::fail(std::move(size.error()));
  auto scan = Scanner(file, *size).run();
  if (scan && !scan->header && !scan->blocks.empty()) scan->damaged = true;
  return scan;
}

}  // namespace twinshift::backlog::segments
