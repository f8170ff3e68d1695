// Log lines about what was found or made when a table was set up. One thread at a time.
#pragma once

#include <string>

#include "warehouse/schema/table_setup.hpp"

namespace twinshift::warehouse {

class LayoutNotes {
 public:
  explicit LayoutNotes(std::string target) : target_(std::move(target)) {}
  void tell(const Layout& layout);

 private:
  std::string target_;
  std::string told_unused_;  // said once, not after each reading
};

}  // namespace twinshift::warehouse
