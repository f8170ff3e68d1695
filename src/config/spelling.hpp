// Which of our names somebody may have meant. Any thread.
#pragma once

#include <optional>
#include <string_view>

namespace twinshift::config {

// Letters inserted, dropped, replaced, or swapped with their neighbour (optimal string alignment).
std::size_t letters_apart(std::string_view a, std::string_view b);

// The option whose name is closest, at most two letters away (one where the name has five letters or fewer: otherwise
// HOME would be a misspelt HOST), capitals and small letters being the same. Nothing where none is, or it is exact.
std::optional<std::string_view> nearest_name(std::string_view name);

}  // namespace twinshift::config
