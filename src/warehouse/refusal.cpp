#include <algorithm>
#include <string_view>

#include "warehouse/warehouse.hpp"

namespace twinshift::warehouse {
namespace {

constexpr std::string_view kColumn = "column ";

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// What follows ", column ", or "column " at the beginning, as far as it looks like a name.
std::string_view column_in(std::string_view text) {
  std::size_t at = text.starts_with(kColumn) ? 0 : text.find(", column ");
  if (at == std::string_view::npos) return {};
  at = text.find(kColumn, at) + kColumn.size();
  text.remove_prefix(at);
  const auto end = std::ranges::find_if_not(text, is_name_character);
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

}  // namespace

Refusal refusal_of(const base::Error& error) {
  Refusal refusal{.column = std::string(column_in(error.message)), .error_class = {}, .message = error.message};
  if (refusal.column.empty()) refusal.column = column_in(error.where);
  const std::string_view message = error.message;
  const std::size_t open = message.rfind('[');
  if (message.ends_with(']') && open != std::string_view::npos) {
    refusal.error_class = message.substr(open + 1, message.size() - open - 2);
  } else {
    refusal.error_class = base::to_string(error.kind);
  }
  return refusal;
}

}  // namespace twinshift::warehouse
