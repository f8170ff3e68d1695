// A named thread that is asked to stop and joined on destruction.
#pragma once

#include <string>
#include <thread>
#include <utility>

namespace twinshift::base {

// Shows in `top -H` and in a debugger; Linux keeps 15 characters.
void name_this_thread(const std::string& name);

template <class Body>  // Body: void(std::stop_token)
std::jthread start_thread(std::string name, Body body) {
  return std::jthread([name = std::move(name), body = std::move(body)](std::stop_token stop) mutable {
    name_this_thread(name);
    body(std::move(stop));
  });
}

}  // namespace twinshift::base
