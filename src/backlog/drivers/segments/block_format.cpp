#include "backlog/drivers/segments/block_format.hpp"

#include <algorithm>
#include <array>

#include "backlog/drivers/segments/little_endian.hpp"

namespace twinshift::backlog::segments {
namespace {

constexpr std::string_view kFileMagic = "TSbklog\x01";
// 0xFF stands in no UTF-8 text.
constexpr std::string_view kHeadMagic = "\xFFTSblk\xFE\x01";
constexpr std::string_view kFootMagic = "\xFFTSend\xFE\x01";

std::string_view magic_of(HeaderPlace place) {
  return place == HeaderPlace::head ? kHeadMagic : kFootMagic;
}

std::int64_t number_of(base::WallTime time) {
  return time.time_since_epoch().count();
}
base::WallTime time_of(std::int64_t number) {
  return base::WallTime(std::chrono::microseconds(number));
}

}  // namespace

std::string encode(const FileHeader& header) {
  std::string out(kFileMagic);
  put(out, header.version);
  put(out, header.number);
  put(out, header.nonce);
  put_signed(out, header.first);
  put(out, std::uint32_t{0});
  put(out, checksum(out));
  return out;
}

std::optional<FileHeader> decode_file_header(std::string_view bytes) {
  if (bytes.size() < kFileHeaderBytes || !bytes.starts_with(kFileMagic)) return std::nullopt;
  if (get<std::uint32_t>(bytes, 36) != checksum(bytes.substr(0, 36))) return std::nullopt;
  return FileHeader{.version = get<std::uint32_t>(bytes, 8),
                    .number = get<std::uint32_t>(bytes, 12),
                    .nonce = get<std::uint64_t>(bytes, 16),
                    .first = get_signed(bytes, 24)};
}

std::string encode_block_header(const BlockHeader& header, HeaderPlace place) {
  std::string out(magic_of(place));
  put(out, header.nonce);
  put_signed(out, header.first);
  put_signed(out, number_of(header.hour));
  put_signed(out, number_of(header.oldest));
  put(out, header.count);
  put(out, static_cast<std::uint32_t>(header.kind));
  put(out, header.id_version);
  put(out, header.index_bytes);
  put(out, header.body_bytes);
  put(out, header.raw_bytes);
  put(out, header.index_checksum);
  put(out, header.body_checksum);
  put(out, std::uint32_t{0});
  put(out, checksum(std::string_view(out).substr(kHeadMagic.size())));
  return out;
}

std::optional<BlockHeader> decode_block_header(std::string_view bytes, HeaderPlace place) {
  if (!bytes.starts_with(magic_of(place))) return std::nullopt;
  const std::size_t sum_at = kBlockHeaderBytes - sizeof(std::uint32_t);
  const std::size_t begin = kHeadMagic.size();
  if (get<std::uint32_t>(bytes, sum_at) != checksum(bytes.substr(begin, sum_at - begin))) return std::nullopt;
  BlockHeader header{.nonce = get<std::uint64_t>(bytes, 8),
                     .first = get_signed(bytes, 16),
                     .count = get<std::uint32_t>(bytes, 40),
                     .kind = static_cast<BlockKind>(get<std::uint32_t>(bytes, 44)),
                     .hour = time_of(get_signed(bytes, 24)),
                     .oldest = time_of(get_signed(bytes, 32)),
                     .id_version = get<std::uint32_t>(bytes, 48),
                     .index_bytes = get<std::uint32_t>(bytes, 52),
                     .body_bytes = get<std::uint32_t>(bytes, 56),
                     .raw_bytes = get<std::uint32_t>(bytes, 60),
                     .index_checksum = get<std::uint32_t>(bytes, 64),
                     .body_checksum = get<std::uint32_t>(bytes, 68)};
  const bool sound = header.count > 0 && header.count <= kBlockEventsMax &&
                     header.index_bytes >= header.count * kEntryBytes && header.first >= 0 &&
                     (header.kind == BlockKind::bodies || header.kind == BlockKind::ids_only);
  return sound ? std::optional(header) : std::nullopt;
}

std::size_t DecodedBlock::bytes() const {
  std::size_t bytes = 0;
  for (const Slot& slot : slots) bytes += sizeof(Slot) + slot.json.capacity() + slot.message_id.capacity();
  return bytes;
}

}  // namespace twinshift::backlog::segments
