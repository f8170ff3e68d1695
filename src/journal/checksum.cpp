#include <zlib.h>

#include "journal/bytes.hpp"

namespace twinshift::journal {

std::uint32_t checksum(std::string_view bytes) {
  // zlib's bytes are unsigned; the same memory.
  return static_cast<std::uint32_t>(::crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

}  // namespace twinshift::journal
