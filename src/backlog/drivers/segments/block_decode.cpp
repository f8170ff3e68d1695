#include <algorithm>
#include <zstd.h>

#include "backlog/drivers/segments/block_format.hpp"
#include "backlog/drivers/segments/block_parts.hpp"
#include "backlog/drivers/segments/little_endian.hpp"

namespace twinshift::backlog::segments {
namespace {

base::WallTime time_at(std::string_view bytes, std::size_t at) {
  return base::WallTime(std::chrono::microseconds(get_signed(bytes, at)));
}

struct Entry {
  Slot slot;
  std::uint32_t json_bytes = 0;
  bool message_id_told = false;
};

bool read_message_id(std::string_view index, std::string_view bytes, std::size_t texts_at, Entry& entry) {
  if (static_cast<MessageIdForm>(get<std::uint32_t>(bytes, 48)) == MessageIdForm::uuid) {
    entry.slot.message_id = unpack_uuid(bytes.substr(32, 16));
    return true;
  }
  const std::uint64_t begin = texts_at + std::uint64_t{get<std::uint32_t>(bytes, 32)};
  const std::uint64_t size = get<std::uint32_t>(bytes, 36);
  if (begin + size > index.size()) return false;
  const std::string_view text = index.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(size));
  if (checksum(text) != get<std::uint32_t>(bytes, 40)) return false;
  entry.slot.message_id = text;
  return true;
}

// Nothing where the entry is damaged or cut off.
std::optional<Entry> read_entry(std::string_view index, std::size_t at, std::size_t count) {
  if ((at + 1) * kEntryBytes > index.size()) return std::nullopt;
  const std::string_view bytes = index.substr(at * kEntryBytes, kEntryBytes);
  const std::size_t sum_at = kEntryBytes - sizeof(std::uint32_t);
  if (get<std::uint32_t>(bytes, sum_at) != checksum(bytes.substr(0, sum_at))) return std::nullopt;
  Entry entry;
  for (std::size_t i = 0; i < entry.slot.id.bytes.size(); ++i) {
    entry.slot.id.bytes[i] = static_cast<std::uint8_t>(bytes[i]);
  }
  entry.slot.event_at = time_at(bytes, 16);
  entry.slot.received_at = time_at(bytes, 24);
  entry.json_bytes = get<std::uint32_t>(bytes, 52);
  entry.message_id_told = read_message_id(index, bytes, count * kEntryBytes, entry);
  return entry;
}

// The texts in the body, one an event; none where it is damaged.
std::optional<std::vector<std::string>> read_body(const BlockHeader& header, std::string_view body) {
  if (body.size() != header.body_bytes || checksum(body) != header.body_checksum) return std::nullopt;
  std::string raw(header.raw_bytes, '\0');
  const std::size_t size = ZSTD_decompress(raw.data(), raw.size(), body.data(), body.size());
  if (ZSTD_isError(size) != 0 || size != raw.size()) return std::nullopt;
  std::vector<std::string> texts;
  std::size_t at = 0;
  while (texts.size() < header.count && at + sizeof(std::uint32_t) <= raw.size()) {
    const std::size_t length = get<std::uint32_t>(raw, at);
    at += sizeof(std::uint32_t);
    if (length > raw.size() - at) return std::nullopt;
    texts.push_back(raw.substr(at, length));
    at += length;
  }
  if (texts.size() != header.count || at != raw.size()) return std::nullopt;
  return texts;
}

// The body tells the event; what only the entry told is taken from the block. An id that was minted at intake hangs on
// the message id, so that event is not told again.
Slot mend_from_body(const BlockHeader& header, std::string text) {
  Slot slot;
  slot.received_at = header.oldest;
  slot.mended = true;
  const auto event = event::decode_event(text, {}, header.oldest);
  if (!event) return slot;
  slot.id = (*event)->id;
  slot.event_at = (*event)->event_at;
  if (header.id_version == event::kIdentityMinted) return slot;
  slot.json = std::move(text);
  slot.state = Slot::State::whole;
  return slot;
}

Slot slot_of(const BlockHeader& header, std::optional<Entry> entry, std::string* text) {
  const bool minted = header.id_version == event::kIdentityMinted;
  if (!entry || (minted && !entry->message_id_told)) {
    return text != nullptr ? mend_from_body(header, std::move(*text)) : Slot();
  }
  Slot slot = std::move(entry->slot);
  slot.mended = !entry->message_id_told;
  if (text == nullptr) {
    slot.state = Slot::State::ids_only;
    return slot;
  }
  slot.state = Slot::State::whole;
  slot.json = std::move(*text);
  return slot;
}

}  // namespace

DecodedBlock decode_block(const BlockHeader& header, std::string_view index, std::string_view body) {
  DecodedBlock block{.header = header, .slots = {}, .damaged = false};
  std::optional<std::vector<std::string>> texts;
  if (header.kind == BlockKind::bodies) {
    texts = read_body(header, body);
    block.damaged = !texts;
  }
  if (index.size() != header.index_bytes || checksum(index) != header.index_checksum) block.damaged = true;
  block.slots.reserve(header.count);
  for (std::size_t i = 0; i < header.count; ++i) {
    block.slots.push_back(slot_of(header, read_entry(index, i, header.count), texts ? &(*texts)[i] : nullptr));
  }
  return block;
}

}  // namespace twinshift::backlog::segments
