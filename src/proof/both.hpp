// Asks the two sides at the same time.
#pragma once

#include <array>
#include <thread>
#include <type_traits>
#include <utility>

#include "base/error.hpp"
#include "proof/side.hpp"

namespace twinshift::proof {

using Sides = std::array<Side*, 2>;
template <class Value>
using Pair = std::array<Value, 2>;  // by side

// `ask(side, index)` gives a Result. The first error where one fails; both calls have come back in any case. One after
// the other where a side wants it so (Side::asked_beside).
template <class Ask>
auto ask_both(const Sides& sides, Ask ask) {
  using Answer = std::invoke_result_t<Ask, Side&, std::size_t>;
  using Value = typename Answer::value_type;
  Answer other = base::fail(base::ErrorKind::internal, "not asked", "comparing tables");
  std::jthread beside;
  if (sides[1]->asked_beside()) beside = std::jthread([&] { other = ask(*sides[1], 1); });
  Answer one = ask(*sides[0], 0);
  if (beside.joinable()) {
    beside.join();
  } else {
    other = ask(*sides[1], 1);
  }
  if (!one) return base::Result<Pair<Value>>(base::fail(std::move(one.error())));
  if (!other) return base::Result<Pair<Value>>(base::fail(std::move(other.error())));
  return base::Result<Pair<Value>>(Pair<Value>{std::move(*one), std::move(*other)});
}

}  // namespace twinshift::proof
