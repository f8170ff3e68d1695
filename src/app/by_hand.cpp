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
  return why == LeftWhy::foreign || why == LeftWhy::several || why == LeftWhy::unread;
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

// Which row stays: one whose time can be read, where that is what is wrong with another.
std::string_view order_of(const config::TargetSettings& target, LeftWhy why) {
  if (why != LeftWhy::unread) return "";
  return target.driver == "sqlite" ? " ORDER BY datetime(event_at) IS NULL"
                                   : " ORDER BY COALESCE(isfinite(event_at), false) DESC";
}

}  // namespace

ByHand by_hand(const config::TargetSettings& target, const proof::LeftEvent& left) {
  const auto table = warehouse::parse_table_name(target.table);
  if (!is_for_a_person(left.why) || !table || !can_be_written(left.id)) return {};
  const std::string rows = fmt::format("FROM {} WHERE {}", table->quoted(), condition_of(left.id));
  const std::string_view number = row_number_of(target);
  const std::string_view order = order_of(target, left.why);
  // All of them may be unread, and then none would stay.
  if (number.empty() && !order.empty()) return {};
  if (number.empty()) return {"SELECT * " + rows, "DELETE " + rows};
  return {fmt::format("SELECT {}, * {}", number, rows),
          fmt::format("DELETE {} AND {} <> (SELECT {} {}{} LIMIT 1)", rows, number, number, rows, order)};
}

}  // namespace twinshift::app
