// What every way to credentials looks at before it gives them out. Any thread; no I/O.
#pragma once

#include <string_view>

#include "aws/credentials.hpp"
#include "base/error.hpp"

namespace twinshift::aws {

// Refuses (`invalid`) what is half there, and what holds a blank or a control character, which no key does: mostly a
// line end that came along with it. The text names the part, never its value.
base::Result<Credentials> checked(Credentials credentials, std::string_view where, std::string_view hint);

}  // namespace twinshift::aws
