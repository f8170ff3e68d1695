// The journal's files: `<number>.log` in a folder of its own, a number for each, the highest the newest. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "journal/format.hpp"

namespace twinshift::journal {

// Below the data folder.
inline constexpr const char* kFolderName = "trace";

struct SegmentFile {
  std::uint64_t number = 0;
  std::filesystem::path path;
  std::uint64_t bytes = 0;
};
// By number. Other names are passed over. `not_found` where there is no folder, else `unavailable`.
base::Result<std::vector<SegmentFile>> list_segments(const std::filesystem::path& folder);
std::filesystem::path segment_path(const std::filesystem::path& folder, std::uint64_t number);

struct ScanCounts {
  std::uint64_t blocks = 0;
  std::uint64_t foreign_bytes = 0;  // passed over: no block of ours, torn, or its head damaged
};
// Shows each block of a file from its beginning on; behind what is no block it looks for the next one. Reads
// kWindowBytes at a time and kScanBytesMax in all, so that neither a cut file nor a huge one does harm. Errors:
// `unavailable`.
using ShowBlock = std::function<void(const Block&)>;
base::Result<ScanCounts> scan_segment(const std::filesystem::path& path, const ShowBlock& show);

inline constexpr std::uint64_t kScanBytesMax = std::uint64_t{2} << 30U;  // no segment of ours is so large
inline constexpr std::size_t kWindowBytes = std::size_t{2} << 20U;
static_assert(kWindowBytes >= kHeadBytes + kBlockBytesMax);

}  // namespace twinshift::journal
