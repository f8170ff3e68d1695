#include "aws/environment.hpp"

#include <cstdlib>

#include "aws/plain_text.hpp"

namespace twinshift::aws {

Environment process_environment() {
  return [](std::string_view name) {
    const char* const value = std::getenv(std::string(name).c_str());
    return value == nullptr ? std::string() : std::string(value);
  };
}

bool is_true(std::string_view value) {
  return lower(trimmed(value)) == "true";
}

}  // namespace twinshift::aws
