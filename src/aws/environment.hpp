// The process's variables, as a function, so that a test can make some up.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace twinshift::aws {

// The value of a variable; empty where it is unset. Must be callable from any thread.
using Environment = std::function<std::string(std::string_view name)>;

// This process's own. Nobody may change the environment while it is in use (getenv).
Environment process_environment();

// "true" in any case, as AWS's switches are written.
bool is_true(std::string_view value);

}  // namespace twinshift::aws
