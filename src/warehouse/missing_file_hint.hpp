// What to do about a warehouse's file that is not there. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace twinshift::warehouse {

// `target`: "primary", "secondary".
inline std::string missing_file_hint(std::string_view target) {
  return "Check its path, or put it back; where the other target holds the events: stop the service and run "
         "`twinshift rebuild --target " +
         std::string(target) +
         " --apply`, which makes and fills it, before the service starts again. Where there are none, `twinshift "
         "serve` "
         "makes it";
}

}  // namespace twinshift::warehouse
