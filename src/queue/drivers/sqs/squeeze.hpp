// Any bytes as text that SQS carries: gzip (RFC 1952), then base64 (RFC 4648, section 4, padded). Any thread; no I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace twinshift::queue::sqs {

std::string base64(std::string_view bytes);
// Nothing where it is not base64 as above.
std::optional<std::string> from_base64(std::string_view text);

std::string squeeze(std::string_view bytes);
enum class SqueezeFault : std::uint8_t {
  broken,     // the text does not hold such a thing
  too_large,  // it does, perhaps, but it is more than `bytes_max`
};
std::expected<std::string, SqueezeFault> unsqueeze(std::string_view text, std::size_t bytes_max);

}  // namespace twinshift::queue::sqs
