// What the events of a world tell. A simulated event is known by its number (event::Event::key in the simulation);
// where tables are compared its content is a real one, whose identity the service's own code makes. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "event/event.hpp"

namespace twinshift::simulation {

struct Content {
  std::string json{};
  std::string changed_json{};  // as somebody has changed it in a table
  event::EventId id{};
  std::string hex{};
  std::int64_t key = 0;  // as a row's event_key holds it
  std::int64_t changed_key = 0;
  base::WallTime event_at{};
};

inline constexpr std::int64_t kPersons = 7;
inline std::int64_t person_of(std::int64_t number) {
  return number % kPersons;
}
std::string person_name(std::int64_t person);

class Catalogue {
 public:
  explicit Catalogue(bool real) : real_(real) {}
  const Content& of(std::int64_t number);
  [[nodiscard]] std::optional<std::int64_t> find(const std::string& hex) const;
  [[nodiscard]] std::optional<std::int64_t> find(const event::EventId& id) const { return find(id.hex()); }

 private:
  const bool real_;
  std::vector<std::unique_ptr<Content>> contents_;         // by number
  std::unordered_map<std::string, std::int64_t> numbers_;  // by id
};

}  // namespace twinshift::simulation
