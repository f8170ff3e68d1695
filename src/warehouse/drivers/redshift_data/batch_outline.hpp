// A batch before it becomes statements: which events are doubles of others in it, and the markers that it touches. No
// I/O; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "warehouse/schema/write_text.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::warehouse {

// By the batch's order: the place of the first equal event, its own where it is the first.
std::vector<std::uint32_t> first_of_each(const Batch& batch);

// Gathers the places (window and hour of arrival) of a batch; index() gives a place its number in order of first use.
class PlaceList {
 public:
  std::size_t index(const event::Event& event);
  [[nodiscard]] std::size_t size() const { return places_.size(); }
  [[nodiscard]] std::vector<MarkerPlace>& places() { return places_; }
  [[nodiscard]] const std::vector<MarkerPlace>& places() const { return places_; }

 private:
  std::map<std::pair<base::WallTime, base::WallTime>, std::size_t> numbers_;
  std::vector<MarkerPlace> places_;
};

}  // namespace twinshift::warehouse
