#include <zlib.h>

#include "backlog/drivers/segments/little_endian.hpp"

namespace twinshift::backlog::segments {

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(::crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

}  // namespace twinshift::backlog::segments
