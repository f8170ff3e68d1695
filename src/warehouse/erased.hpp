// `twinshift_erased`, a table beside each event table (docs/formats/erased.md): which events a person had erased, so
// that no redelivery, replay or repair brings them back. Insert-only, never pruned.
#pragma once

#include <string_view>

namespace twinshift::warehouse {

inline constexpr std::string_view kErasedTable = "twinshift_erased";

}  // namespace twinshift::warehouse
