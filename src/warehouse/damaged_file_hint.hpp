// What to do about a warehouse's file that is damaged. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace twinshift::warehouse {

// `target`: "primary", "secondary".
inline std::string damaged_file_hint(std::string_view target) {
  return "Stop the service and run `twinshift rebuild --target " + std::string(target) +
         " --apply`: it keeps the file beside, takes over what can be read of it, and fills the rest from the other "
         "target. Where there is no other: keep a copy of the file and its -wal, then restore it";
}

}  // namespace twinshift::warehouse
