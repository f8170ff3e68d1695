// Events that try to break things: valid JSON objects of every oddity that AppsFlyer, a forwarder or an enemy may send.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/random.hpp"
#include "event/row.hpp"

namespace twinshift::tests {

// JSON texts of single values: the odd ones that are known from AppsFlyer's traffic, borders of each column type, SQL.
std::span<const std::string_view> odd_values();

// One event, always the same for the same (seed, index). Weird numbers and texts in all columns, our own column names,
// `$` names, duplicate keys, NUL and lone surrogate escapes, deep nesting, texts of 70 KB. Mostly below 8 KB, never
// above 400 KB. Its last member makes the events of one seed distinct.
std::string hostile_event(std::uint64_t seed, std::uint64_t index);

// A table that lacks some columns and has others narrower than the catalogue says.
event::TableShape random_shape(base::Random& random);

}  // namespace twinshift::tests
