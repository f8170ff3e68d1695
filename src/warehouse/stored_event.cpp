#include "warehouse/stored_event.hpp"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/time_text.hpp"
#include "event/row.hpp"
#include "event/time_parse.hpp"
#include "warehouse/lookup_ranges.hpp"
#include "warehouse/table_name.hpp"

namespace twinshift::warehouse {
namespace {

using namespace std::chrono_literals;
using Values = std::vector<std::optional<std::string>>;

constexpr std::size_t kPartsMax = 100'000;

event::Cell cell_of(const event::Column& column, const std::optional<std::string>& value) {
  event::Cell cell;
  if (!value) return cell;
  cell.null = false;
  cell.text = *value;
  if (column.type == event::ColumnType::boolean) {
    cell.number = *value == "1" || *value == "t" || *value == "true" ? 1 : 0;
  } else if (column.type == event::ColumnType::integer || column.type == event::ColumnType::bigint) {
    std::from_chars(value->data(), value->data() + value->size(), cell.number);
  }
  return cell;
}

// Which column of an answer is which of ours.
struct Layout {
  std::size_t id = 0;
  std::optional<std::size_t> key;
  std::optional<std::size_t> id_version;
  std::optional<std::size_t> event_at;
  std::optional<std::size_t> received_at;
  std::optional<std::size_t> extra;
  std::vector<std::optional<std::size_t>> fields;  // by catalogue index
};

base::Result<Layout> layout_of(const Table& table) {
  Layout layout;
  layout.fields.resize(event::catalogue().size());
  std::optional<std::size_t> id;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const std::string name = lower_name(table.columns[i]);
    if (name == "event_id") id = i;
    if (name == "event_key") layout.key = i;
    if (name == "id_version") layout.id_version = i;
    if (name == "event_at") layout.event_at = i;
    if (name == "received_at") layout.received_at = i;
    if (name == "extra") layout.extra = i;
    if (const int field = event::find_column(name); field >= 0) layout.fields[static_cast<std::size_t>(field)] = i;
  }
  if (!id) {
    return base::fail(base::ErrorKind::conflict, "the table has no column event_id", "reading events back",
                      "`twinshift schema` shows what the table lacks");
  }
  layout.id = *id;
  return layout;
}

std::optional<base::WallTime> time_in(const Values& row, const std::optional<std::size_t>& column) {
  if (!column || !row[*column]) return std::nullopt;
  const auto time = event::parse_timestamp(*row[*column]);
  return time ? std::optional(time->utc) : std::nullopt;
}

std::optional<base::WallTime> event_at_in(const Values& row, const std::optional<std::size_t>& column) {
  return column && row[*column] ? parse_event_at(*row[*column]) : std::nullopt;
}

std::optional<std::int64_t> number_in(const Values& row, const std::optional<std::size_t>& column) {
  if (!column || !row[*column]) return std::nullopt;
  const std::string& text = *row[*column];
  std::int64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  return fault == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

class Teller {
 public:
  Teller(Warehouse& warehouse, const std::string& parts, const Layout& layout)
      : warehouse_(warehouse), parts_(parts), layout_(layout) {}

  base::Result<StoredEvent> tell(const Values& row) {
    StoredEvent stored{.id = row[layout_.id].value_or(""),
                       .key = number_in(row, layout_.key),
                       .event_at = event_at_in(row, layout_.event_at),
                       .received_at = time_in(row, layout_.received_at),
                       .text = {}};
    if (layout_.id_version) stored.id_version = number_in(row, layout_.id_version).value_or(0);
    auto text = text_of(row, stored.id);
    if (!text) return base::fail(std::move(text.error()));
    stored.text = std::move(*text);
    return stored;
  }

 private:
  base::Result<std::optional<std::string>> text_of(const Values& row, const std::string& id) {
    std::vector<event::Cell> cells;
    cells.reserve(layout_.fields.size());
    for (std::size_t i = 0; i < layout_.fields.size(); ++i) {
      cells.push_back(layout_.fields[i] ? cell_of(event::catalogue()[i], row[*layout_.fields[i]]) : event::Cell());
    }
    const std::string extra = layout_.extra ? row[*layout_.extra].value_or("") : "";
    std::string parts;
    if (extra.find(event::kParts) != std::string::npos && is_event_id(id)) {
      auto read = read_parts(id);
      if (!read) return base::fail(std::move(read.error()));
      parts = std::move(*read);
    }
    auto text = event::decode(cells, extra, parts);
    if (!text) return std::optional<std::string>();
    return std::optional(std::move(*text));
  }

  base::Result<std::string> read_parts(const std::string& id) {
    auto table =
        warehouse_.query(fmt::format("SELECT body FROM {} WHERE event_id = '{}' ORDER BY part", parts_, id), kPartsMax);
    if (!table) return base::fail(std::move(table.error()));
    std::string whole;
    for (const auto& row : table->rows) whole += row[0].value_or("");
    return whole;
  }

  Warehouse& warehouse_;
  const std::string& parts_;
  const Layout& layout_;
};

}  // namespace

std::optional<base::WallTime> parse_event_at(std::string_view text) {
  constexpr std::size_t kDateBytes = 10;
  if (text.ends_with('Z') || (text.size() > kDateBytes && text[kDateBytes] == 'T')) return std::nullopt;
  const auto time = event::parse_timestamp(text);
  return time ? std::optional(time->utc) : std::nullopt;
}

bool is_event_id(std::string_view text) {
  constexpr std::size_t kDigits = 32;
  return text.size() == kDigits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

base::Result<std::vector<StoredEvent>> tell_events(Warehouse& warehouse, const std::string& parts,
                                                   const Table& answer) {
  auto layout = layout_of(answer);
  if (!layout) return base::fail(std::move(layout.error()));
  Teller teller(warehouse, parts, *layout);
  std::vector<StoredEvent> events;
  events.reserve(answer.rows.size());
  for (const auto& row : answer.rows) {
    auto stored = teller.tell(row);
    if (!stored) return base::fail(std::move(stored.error()));
    events.push_back(std::move(*stored));
  }
  return events;
}

std::string places_condition(std::span<const EventPlace> places) {
  std::vector<base::WallTime> times;
  times.reserve(places.size());
  for (const EventPlace& place : places) times.push_back(place.event_at);
  std::string ranges;
  for (const TimeRange& range : lookup_ranges(std::move(times))) {
    ranges += fmt::format("{}event_at BETWEEN '{}' AND '{}'", ranges.empty() ? "" : " OR ",
                          base::sql_timestamp(range.first - kTimeSlack), base::sql_timestamp(range.last + kTimeSlack));
  }
  return '(' + ranges + ')';
}

}  // namespace twinshift::warehouse
