// Waits for a condition, not for a while: returns as soon as it holds, false after a limit that only a failing test
// meets.
#pragma once

#include <chrono>
#include <thread>

namespace twinshift::tests {

template <class Condition>
bool wait_until(Condition condition, std::chrono::milliseconds limit = std::chrono::seconds(20)) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace twinshift::tests
