// What a person may run where repair has to leave rows that stand several times: only they know which one is right. No
// I/O; any thread.
#pragma once

#include <string>

#include "config/settings.hpp"
#include "proof/mend.hpp"

namespace twinshift::app {

// "SELECT rowid, * FROM ..." to look, and a DELETE that leaves one of the rows. Both empty where nothing is to be done
// by hand, or an id cannot be written in a statement.
struct ByHand {
  std::string look{};
  std::string statement{};
};
ByHand by_hand(const config::TargetSettings& target, const proof::LeftEvent& left);

}  // namespace twinshift::app
