// A service that holds the data folder, but cannot be asked.
#pragma once

#include "base/error.hpp"

namespace twinshift::app {

// For a command that found no control socket and then could not lock the folder either (`conflict`): says so. Other
// errors stay as they are.
inline base::Error unreachable_service(base::Error error) {
  if (error.kind != base::ErrorKind::conflict) return error;
  error.message += ", which cannot be asked: its control socket is not there";
  error.hint = "Try again where it is just starting; else restart it: the start makes control.sock anew";
  return error;
}

}  // namespace twinshift::app
