#include "warehouse/table_name.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace twinshift::warehouse {
namespace {

constexpr std::string_view kWhere = "table name";
constexpr std::string_view kHint = "Give `table` or `schema.table`, for example appsflyer_events";

std::unexpected<base::Error> refuse(std::string message) {
  return base::fail(base::ErrorKind::invalid, std::move(message), std::string(kWhere), std::string(kHint));
}

bool is_bare(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         c == '-' || byte >= 0x80;
}

// Takes the part in double quotes that `rest` begins with; nothing where its end is missing.
std::optional<std::string> take_quoted(std::string_view& rest) {
  std::string part;
  for (std::size_t at = 1; at < rest.size(); ++at) {
    if (rest[at] != '"') {
      part += rest[at];
    } else if (at + 1 < rest.size() && rest[at + 1] == '"') {
      part += rest[at++];
    } else {
      rest.remove_prefix(at + 1);
      return part;
    }
  }
  return std::nullopt;
}

std::string take_bare(std::string_view& rest) {
  const auto end = std::ranges::find_if_not(rest, is_bare);
  std::string part(rest.begin(), end);
  rest.remove_prefix(part.size());
  return part;
}

base::Result<std::string> take_part(std::string_view& rest) {
  std::optional<std::string> part = rest.starts_with('"') ? take_quoted(rest) : take_bare(rest);
  if (!part) return refuse("a double quote in it is not closed");
  if (part->empty()) return refuse("it is empty, or has a character that needs double quotes around the name");
  if (part->size() > kNameBytesMax) return refuse("it is longer than 127 bytes");
  if (part->find('\0') != std::string::npos) return refuse("it holds a NUL");
  return *std::move(part);
}

}  // namespace

std::string quote_identifier(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) quoted.append(c == '"' ? 2 : 1, c);
  return quoted += '"';
}

std::string lower_name(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return lower;
}

std::string TableName::quoted() const {
  return schema.empty() ? quote_identifier(table) : quote_identifier(schema) + '.' + quote_identifier(table);
}

base::Result<TableName> parse_table_name(std::string_view text) {
  TableName name;
  auto first = take_part(text);
  if (!first) return base::fail(std::move(first.error()));
  name.table = std::move(*first);
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    auto second = take_part(text);
    if (!second) return base::fail(std::move(second.error()));
    name.schema = std::exchange(name.table, std::move(*second));
  }
  if (!text.empty()) return refuse("it has more than a schema and a table, or a character that needs double quotes");
  const std::string lower = lower_name(name.table);
  if (lower.starts_with("twinshift_") || lower.starts_with("sqlite_")) {
    return refuse("names that begin with twinshift_ or sqlite_ are kept for other tables");
  }
  return name;
}

}  // namespace twinshift::warehouse
