// What encoding and decoding of a block share. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "backlog/drivers/segments/block_format.hpp"

namespace twinshift::backlog::segments {

// How an index entry holds the message id: a UUID as its 16 bytes, any other text behind the entries.
enum class MessageIdForm : std::uint32_t { text = 0, uuid = 1 };

std::string encode_block_header(const BlockHeader& header, HeaderPlace place);

// The 16 bytes of a UUID in lower case, with hyphens; nothing for any other text. unpack_uuid() gives the same text.
std::optional<std::string> pack_uuid(std::string_view text);
std::string unpack_uuid(std::string_view bytes);

}  // namespace twinshift::backlog::segments
