// Log lines about what was found or made when a table was set up. One thread at a time.
#pragma once

#include <string>

#include "warehouse/schema/table_setup.hpp"

namespace twinshift::warehouse {

// Warehouse::publish() where the layout says that twinshift_owed may not be written.
base::Status no_right_to_publish(const std::string& target, const Layout& layout);

// Warehouse::erase(), likewise of twinshift_erased.
base::Error no_right_to_erase(const std::string& target, const Layout& layout);

class LayoutNotes {
 public:
  explicit LayoutNotes(std::string target) : target_(std::move(target)) {}
  void tell(const Layout& layout);

 private:
  void tell_unused(const Layout& layout);
  void tell_uncounted(const Layout& layout);
  void tell_unerasable(const Layout& layout);

  std::string target_;
  // Said once, not after each reading.
  std::string told_unused_;
  bool told_uncounted_ = false;
  bool told_unerasable_ = false;
};

}  // namespace twinshift::warehouse
