// Hashes as AWS wants them. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace twinshift::aws {

// 32 raw bytes.
std::string sha256(std::string_view bytes);
std::string hmac_sha256(std::string_view key, std::string_view bytes);

}  // namespace twinshift::aws
