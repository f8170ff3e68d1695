#include "app/instance_name.hpp"

#include <array>
#include <unistd.h>

namespace twinshift::app {

std::string instance_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "twinshift";
  return name.data();
}

}  // namespace twinshift::app
