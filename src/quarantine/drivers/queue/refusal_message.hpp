// One refusal as the body of one queue message: docs/formats/quarantine-queue.md. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "quarantine/quarantine.hpp"

namespace twinshift::quarantine {

// Stands in each body; a reader takes no other.
inline constexpr std::int64_t kRefusalVersion = 1;

// `number` names this one refusal (refusal_numbers.hpp).
std::string write_refusal(const Refused& refused, std::int64_t number, base::WallTime now);

struct Refusal {
  // `id` is the refusal's number, `tries` what this refusal adds; `json` is left empty, `json_bytes` is not.
  Record record;
  std::string_view event;  // within the body
};
// Nothing where the body is not one of ours, or of another version.
std::optional<Refusal> read_refusal(std::string_view body);

}  // namespace twinshift::quarantine
