#include "aws/throttles.hpp"

#include <array>
#include <atomic>
#include <cstddef>

#include "aws/services.hpp"

namespace twinshift::aws {
namespace {

constexpr std::array kServices{kSqs.signing_name, kRedshiftData.signing_name, kRedshift.signing_name,
                               kRedshiftServerless.signing_name, kSts.signing_name};

std::array<std::atomic<std::uint64_t>, kServices.size()>& counts() {
  static std::array<std::atomic<std::uint64_t>, kServices.size()> all{};
  return all;
}

}  // namespace

void count_throttle(const Service& service) {
  for (std::size_t i = 0; i < kServices.size(); ++i) {
    if (kServices[i] == service.signing_name) counts()[i].fetch_add(1, std::memory_order_relaxed);
  }
}

std::vector<ServiceThrottles> throttles() {
  std::vector<ServiceThrottles> all;
  for (std::size_t i = 0; i < kServices.size(); ++i) {
    all.push_back({kServices[i], counts()[i].load(std::memory_order_relaxed)});
  }
  return all;
}

}  // namespace twinshift::aws
