// Assertions for our own mistakes. They stay on in every build: a service that handles revenue stops rather than
// guesses.
#pragma once

#include <source_location>

namespace twinshift::base {
[[noreturn]] void assertion_failed(const char* expression, std::source_location where);
}  // namespace twinshift::base

#define TWINSHIFT_ASSERT(condition)   \
  ((condition) ? static_cast<void>(0) \
               : ::twinshift::base::assertion_failed(#condition, std::source_location::current()))
