// Content-Encoding: from the bytes sent to the bytes meant.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace twinshift::http {

struct DecodeFault {
  int status;  // 400 broken, 413 too large, 415 unknown
  std::string text;
};

// `encoding` in lower case, empty for none. Replaces `body` by what it decodes to; leaves it as it was where that
// fails. gzip may have several members (RFC 1952, 2.2); anything else behind the last one is a fault. At most
// `bytes_max` bytes come out, and not much more than that is ever held.
std::optional<DecodeFault> decode_body(std::string_view encoding, std::string& body, std::size_t bytes_max);

}  // namespace twinshift::http
