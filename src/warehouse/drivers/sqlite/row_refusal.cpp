#include "warehouse/drivers/sqlite/row_refusal.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "warehouse/drivers/sqlite/sqlite_dialect.hpp"
#include "warehouse/table_columns.hpp"

namespace twinshift::warehouse {
namespace {

// How sqlite3.c words them (vdbe.c, insert.c; sqlite.org/rescode.html names the codes).
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kConstraints = {{
    {"CHECK constraint failed: ", "SQLITE_CONSTRAINT_CHECK"},
    {"NOT NULL constraint failed: ", "SQLITE_CONSTRAINT_NOTNULL"},
    {"UNIQUE constraint failed: ", "SQLITE_CONSTRAINT_UNIQUE"},
    {"FOREIGN KEY constraint failed", "SQLITE_CONSTRAINT_FOREIGNKEY"},
}};

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const auto begin = std::ranges::find_if(text, is_name_character);
    text.remove_prefix(static_cast<std::size_t>(begin - text.begin()));
    const auto end = std::ranges::find_if_not(text, is_name_character);
    const auto size = static_cast<std::size_t>(end - text.begin());
    if (size > 0) words.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return words;
}

// Empty where the text names none or several.
std::string only_column_in(std::string_view text) {
  const std::vector<std::string_view> words = words_of(text);
  std::string found;
  for (const event::Column& column : table_columns()) {
    if (std::ranges::find(words, column.name) == words.end()) continue;
    if (!found.empty()) return {};
    found = column.name;
  }
  return found;
}

}  // namespace

Refusal row_refusal(const base::Error& error) {
  const std::string_view message = error.message;
  for (const auto& [text, name] : kConstraints) {
    const std::size_t at = message.find(text);
    if (at == std::string_view::npos) continue;
    return {.column = only_column_in(message.substr(at + text.size())),
            .error_class = std::string(name),
            .message = std::string(message.substr(at))};
  }
  return {.column = {}, .error_class = "SQLITE_CONSTRAINT", .message = error.message};
}

base::Error refused_in_place(const Refusal& refusal, const std::string& path) {
  std::string message = "the table refuses a row that was to take another's place: " + refusal.message;
  if (!refusal.column.empty()) message += ", column " + refusal.column;
  return {base::ErrorKind::rejected, message + " [" + refusal.error_class + "]", path,
          "Nothing was changed; `twinshift schema --diff` shows what keeps rows of ours out"};
}

}  // namespace twinshift::warehouse
