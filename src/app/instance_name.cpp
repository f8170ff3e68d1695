#include "app/instance_name.hpp"

#include <array>
#include <cstdint>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "base/ids.hpp"

namespace twinshift::app {
namespace {

std::string machine_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "twinshift";
  return name.data();
}

std::string& set_name() {
  static std::string name;
  return name;
}

}  // namespace

std::string instance_name() {
  return set_name().empty() ? machine_name() : set_name();
}

std::string mint_instance_name() {
  return fmt::format("{}-{:08x}", machine_name(), static_cast<std::uint32_t>(base::random_seed()));
}

void set_instance_name(std::string name) {
  set_name() = std::move(name);
}

}  // namespace twinshift::app
