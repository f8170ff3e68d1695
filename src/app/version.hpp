// The version that `twinshift version` shows; CMake's project() is its source.
#pragma once

namespace twinshift::app {
inline constexpr const char* kVersion = TWINSHIFT_VERSION;
}
