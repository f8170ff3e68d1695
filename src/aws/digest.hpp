// Keyed hashes as AWS wants them (sums without a key: base/sha256.hpp). Any thread.
#pragma once

#include <string>
#include <string_view>

namespace twinshift::aws {

// 32 raw bytes.
std::string hmac_sha256(std::string_view key, std::string_view bytes);

}  // namespace twinshift::aws
