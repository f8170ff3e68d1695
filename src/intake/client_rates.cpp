#include "intake/client_rates.hpp"

#include <algorithm>
#include <chrono>
#include <functional>

namespace twinshift::intake {
namespace {

constexpr unsigned kNetworkBits = 64;

std::size_t mixed(std::size_t hash, std::uint64_t seed) {
  std::uint64_t x = hash ^ seed;
  x = (x ^ (x >> 33U)) * 0xFF51AFD7ED558CCDULL;
  return static_cast<std::size_t>(x ^ (x >> 33U));
}

}  // namespace

ClientRates::Place& ClientRates::place_of(const base::IpAddress& client, double full, base::SteadyTime now) {
  if (places_.empty()) places_.resize(kSets * kWays);
  const std::size_t set = mixed(std::hash<base::IpAddress>()(client), seed_) % kSets;
  Place* oldest = nullptr;
  for (std::size_t way = 0; way < kWays; ++way) {
    Place& place = places_[set * kWays + way];
    if (place.used && place.client == client) return place;
    if (oldest == nullptr || !place.used || (oldest->used && place.seen < oldest->seen)) oldest = &place;
  }
  *oldest = {client, full, now, true};
  return *oldest;
}

bool ClientRates::take(const base::IpAddress& client, std::size_t per_second, base::SteadyTime now) {
  const auto full = static_cast<double>(per_second);
  const std::lock_guard lock(mutex_);
  Place& place = place_of(client.is_v4() ? client : client.first_bits(kNetworkBits), full, now);
  const double seconds = std::max(0.0, std::chrono::duration<double>(now - place.seen).count());
  place.left = std::min(full, place.left + seconds * full);
  place.seen = std::max(place.seen, now);
  if (place.left < 1) return false;
  place.left -= 1;
  return true;
}

}  // namespace twinshift::intake
