// How many requests a second each client sends: a bucket a client, which holds one second's worth. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "base/clock.hpp"
#include "base/ip_address.hpp"

namespace twinshift::intake {

// Of IPv6 a client is a /64: whoever has one address there has all of them. The table holds kSets * kWays clients,
// some 200 KB, made with the first of them. Where a client's set is full the one longest unseen gives its place up, and
// begins anew with a full bucket: with more clients than places some send more than their share, none is kept from it.
class ClientRates {
 public:
  static constexpr std::size_t kSets = 1'024;
  static constexpr std::size_t kWays = 4;

  // `seed`: nobody can choose addresses that meet in one set.
  explicit ClientRates(std::uint64_t seed) : seed_(seed) {}
  // False where it has had `per_second` within the last second.
  bool take(const base::IpAddress& client, std::size_t per_second, base::SteadyTime now);

 private:
  struct Place {
    base::IpAddress client;
    double left = 0;
    base::SteadyTime seen{};
    bool used = false;
  };
  Place& place_of(const base::IpAddress& client, double full, base::SteadyTime now);

  const std::uint64_t seed_;
  std::mutex mutex_;
  std::vector<Place> places_;  // mutex_
};

}  // namespace twinshift::intake
