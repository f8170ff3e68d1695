#include "app/by_hand.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "app/terminal_text.hpp"
#include "warehouse/table_name.hpp"

namespace twinshift::app {
namespace {

using proof::LeftWhy;

constexpr std::size_t kIdBytesMax = 256;

bool is_for_a_person(LeftWhy why) {
  return why == LeftWhy::foreign || why == LeftWhy::several;
}

// People copy it from a terminal, which shows no control characters; and dialects read a backslash differently.
bool can_be_written(const std::string& id) {
  const bool plain = printable(id) == id && id.find('\\') == std::string::npos;
  return plain && id.size() <= kIdBytesMax;
}

// NULL is told as an empty id.
std::string condition_of(const std::string& id) {
  if (id.empty()) return "(event_id IS NULL OR event_id = '')";
  std::string text = "event_id = '";
  for (const char c : id) text += c == '\'' ? std::string("''") : std::string(1, c);
  return text + '\'';
}

// By which a database tells apart rows that are alike; Redshift has none.
std::string_view row_number_of(const config::TargetSettings& target) {
  if (target.driver == "sqlite") return "rowid";
  return target.driver == "postgres" && !target.url.starts_with("redshift") ? "ctid" : "";
}

}  // namespace

ByHand by_hand(const config::TargetSettings& target, const proof::LeftEvent& left) {
  const auto table = warehouse::parse_table_name(target.table);
  if (!is_for_a_person(left.why) || !table || !can_be_written(left.id)) return {};
  const std::string rows = fmt::format("FROM {} WHERE {}", table->quoted(), condition_of(left.id));
  const std::string_view number = row_number_of(target);
  if (number.empty()) return {"SELECT * " + rows, "DELETE " + rows};
  return {fmt::format("SELECT {}, * {}", number, rows),
          fmt::format("DELETE {} AND {} <> (SELECT {} {} LIMIT 1)", rows, number, number, rows)};
}

}  // namespace twinshift::app
