#include "backlog/drivers/segments/block_reader.hpp"

#include <algorithm>
#include <utility>

namespace twinshift::backlog::segments {
namespace {

// Reading goes in order, beside it stands what is lent again.
constexpr std::size_t kFilesMax = 4;
constexpr std::size_t kBlocksMax = 4;

}  // namespace

base::Result<const DiskFile*> BlockReader::file(const std::string& path) {
  const auto known = std::ranges::find(files_, path, &DiskFile::path);
  if (known != files_.end()) return &*known;
  auto opened = DiskFile::open(path);
  if (!opened) return base::fail(std::move(opened.error()));
  if (files_.size() >= kFilesMax) files_.pop_front();
  files_.push_back(std::move(*opened));
  return &files_.back();
}

base::Result<std::vector<BlockPlace>> BlockReader::places(const std::string& path, std::int64_t end) {
  auto opened = file(path);
  if (!opened) return base::fail(std::move(opened.error()));
  auto scan = scan_segment(**opened);
  if (!scan) return base::fail(std::move(scan.error()));
  std::erase_if(scan->blocks, [&](const BlockPlace& place) { return place.header.end() > end; });
  return std::move(scan->blocks);
}

base::Result<std::shared_ptr<const DecodedBlock>> BlockReader::block(const std::string& path, const BlockPlace& place) {
  const auto known = std::ranges::find_if(blocks_, [&](const Cached& cached) {
    return cached.path == path && cached.block->header.first == place.header.first;
  });
  if (known != blocks_.end()) return known->block;
  auto opened = file(path);
  if (!opened) return base::fail(std::move(opened.error()));
  auto bytes = (*opened)->read(place.at + kBlockHeaderBytes, place.header.index_bytes + place.header.body_bytes);
  if (!bytes) return base::fail(std::move(bytes.error()));
  const std::string_view all = *bytes;
  const std::size_t index_bytes = std::min<std::size_t>(all.size(), place.header.index_bytes);
  auto block = std::make_shared<const DecodedBlock>(
      decode_block(place.header, all.substr(0, index_bytes), all.substr(index_bytes)));
  if (blocks_.size() >= kBlocksMax) blocks_.pop_front();
  blocks_.push_back({path, block});
  return block;
}

void BlockReader::forget(const std::string& path) {
  std::erase_if(files_, [&](const DiskFile& each) { return each.path() == path; });
  std::erase_if(blocks_, [&](const Cached& each) { return each.path == path; });
}

}  // namespace twinshift::backlog::segments
