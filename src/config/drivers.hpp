// The drivers that the configuration can name, and which of them this version has. A row in src/app/drivers.def goes
// with `built` here; the app's tests hold the two in step.
#pragma once

#include <array>
#include <string_view>

namespace twinshift::config {

struct Driver {
  std::string_view part;  // "queue", "warehouse"
  std::string_view name;
  bool built = false;
};

inline constexpr std::array kDrivers{
    Driver{"queue", "sqlite", true},
    Driver{"queue", "sqs", false},
    Driver{"warehouse", "sqlite", true},
    Driver{"warehouse", "postgres", true},
    Driver{"warehouse", "redshift_data", false},
};

constexpr bool is_built(std::string_view part, std::string_view name) {
  for (const Driver& driver : kDrivers) {
    if (driver.part == part && driver.name == name) return driver.built;
  }
  return false;
}

}  // namespace twinshift::config
