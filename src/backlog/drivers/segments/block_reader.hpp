// Reads blocks back: keeps a few files open, and a few blocks unpacked. One thread at a time (the lender's lock).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "backlog/drivers/segments/block_format.hpp"
#include "backlog/drivers/segments/disk_file.hpp"
#include "backlog/drivers/segments/scan.hpp"

namespace twinshift::backlog::segments {

class BlockReader {
 public:
  // Where the blocks of a segment stand, those that end at `end` at the latest.
  base::Result<std::vector<BlockPlace>> places(const std::string& path, std::int64_t end);
  base::Result<std::shared_ptr<const DecodedBlock>> block(const std::string& path, const BlockPlace& place);
  // Nothing of it is needed any more.
  void forget(const std::string& path);

 private:
  struct Cached {
    std::string path;
    std::shared_ptr<const DecodedBlock> block;
  };
  base::Result<const DiskFile*> file(const std::string& path);

  std::deque<DiskFile> files_;
  std::deque<Cached> blocks_;
};

}  // namespace twinshift::backlog::segments
