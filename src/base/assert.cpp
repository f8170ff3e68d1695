#include "base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace twinshift::base {

void assertion_failed(const char* expression, std::source_location where) {
  std::fprintf(stderr, "twinshift: assertion failed: %s, %s:%u in %s\n", expression, where.file_name(),
               static_cast<unsigned>(where.line()), where.function_name());
  std::abort();
}

}  // namespace twinshift::base
