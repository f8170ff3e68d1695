// Which blocks stand in a segment's file, and what of it is damaged: reads the headers alone. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "backlog/drivers/segments/block_format.hpp"
#include "backlog/drivers/segments/disk_file.hpp"

namespace twinshift::backlog::segments {

struct BlockPlace {
  BlockHeader header;
  std::uint64_t at = 0;   // of its head
  std::uint64_t end = 0;  // of what may be read: where the file was cut short this lies before its own end
  [[nodiscard]] bool cut_short() const { return end < at + header.total_bytes(); }
};

struct Scan {
  std::optional<FileHeader> header;  // none where it is damaged
  std::vector<BlockPlace> blocks;    // in order; the last one may be cut short
  std::uint64_t good_end = 0;        // behind the last whole block
  std::uint64_t file_bytes = 0;
  // Something between the whole blocks is damaged; what lies behind the last one does not count.
  bool damaged = false;
};

// Errors: unavailable (the disk); `conflict` for a newer version's file.
base::Result<Scan> scan_segment(const DiskFile& file);

}  // namespace twinshift::backlog::segments
