// A named thread that is asked to stop and joined on destruction.
#pragma once

#include <string>
#include <thread>
#include <utility>

namespace twinshift::base {

// Shows in `top -H` and in a debugger; Linux keeps 15 characters.
void name_this_thread(const std::string& name);

// Gives this thread about a tenth of an ordinary one's weight where the processors are short; nothing is lost where
// they are not. For work that must never be felt by intake and the primary. No harm where the system refuses it.
void yield_to_other_threads();

template <class Body>  // Body: void(std::stop_token)
std::jthread start_thread(std::string name, Body body) {
  return std::jthread([name = std::move(name), body = std::move(body)](std::stop_token stop) mutable {
    name_this_thread(name);
    body(std::move(stop));
  });
}

}  // namespace twinshift::base
