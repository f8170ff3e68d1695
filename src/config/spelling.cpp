#include "config/spelling.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "config/option.hpp"
#include "config/text.hpp"

namespace twinshift::config {
namespace {

constexpr std::size_t kLettersApartMax = 2;
constexpr std::size_t kShortName = 5;

std::size_t tolerance_of(std::string_view name) {
  return name.size() <= kShortName ? 1 : kLettersApartMax;
}

}  // namespace

std::size_t letters_apart(std::string_view a, std::string_view b) {
  std::array<std::vector<std::size_t>, 3> rows;  // of the table: before last, last, current
  for (auto& row : rows) row.resize(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) rows[2][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::ranges::rotate(rows, rows.begin() + 1);
    auto& [before_last, last, current] = rows;
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      current[j] = std::min({last[j] + 1, current[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        current[j] = std::min(current[j], before_last[j - 2] + 1);
      }
    }
  }
  return rows[2][b.size()];
}

std::optional<std::string_view> nearest_name(std::string_view name) {
  const std::string wanted = upper(name);
  std::optional<std::string_view> nearest;
  std::size_t least = kLettersApartMax + 1;
  for (const Option& option : options()) {
    if (option.name == name) return std::nullopt;
    // Names whose lengths differ by more cannot be near; this also bounds the work for a name of a megabyte.
    const std::size_t longer = std::max(wanted.size(), option.name.size());
    if (longer - std::min(wanted.size(), option.name.size()) > kLettersApartMax) continue;
    const std::size_t apart = letters_apart(wanted, option.name);
    if (apart > tolerance_of(option.name) || apart >= least) continue;
    least = apart;
    nearest = option.name;
  }
  return nearest;
}

}  // namespace twinshift::config
