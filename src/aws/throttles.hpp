// How often AWS has asked this process for less, by service: also where the next try went well and nobody else hears of
// it. Of all clients together, since it is the account whose quota is used up.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "aws/client.hpp"

namespace twinshift::aws {

struct ServiceThrottles {
  std::string_view service;  // its signing name: "sqs"
  std::uint64_t count = 0;
};

// `service`: one of services.hpp; of any other nothing is counted.
void count_throttle(const Service& service);
// Every service of services.hpp, since the process began.
std::vector<ServiceThrottles> throttles();

}  // namespace twinshift::aws
