#include "warehouse/event_reader.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "event/row.hpp"
#include "warehouse/event_places.hpp"
#include "warehouse/table_name.hpp"

namespace twinshift::warehouse {
namespace {

// Ids in one statement: with its ranges it stays far below the Data API's 100 KB.
constexpr std::size_t kIdsMax = 250;
// Where a target took an event twice it has two rows of it.
constexpr std::size_t kRowsPerIdMax = 4;
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

std::string statement_of(const std::string& table, std::span<const EventPlace> places) {
  return fmt::format("SELECT * FROM {} WHERE {}", table, places_sql(places));
}

// Which column of an answer is which of ours.
struct Layout {
  std::size_t id = 0;
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

class QueryEventReader final : public EventReader {
 public:
  QueryEventReader(std::unique_ptr<Warehouse> warehouse, std::string table, std::string parts)
      : warehouse_(std::move(warehouse)), table_(std::move(table)), parts_(std::move(parts)) {}

  base::Result<std::vector<std::optional<std::string>>> read(std::span<const EventPlace> places) override {
    std::vector<std::optional<std::string>> texts;
    texts.reserve(places.size());
    while (!places.empty()) {
      const auto some = places.first(std::min(places.size(), kIdsMax));
      auto found = read_some(some);
      if (!found) return base::fail(std::move(found.error()));
      for (const EventPlace& place : some) {
        const auto text = found->find(place.id.hex());
        texts.push_back(text == found->end() ? std::nullopt : std::optional(text->second));
      }
      places = places.subspan(some.size());
    }
    return texts;
  }

 private:
  using Found = std::map<std::string, std::string>;

  base::Result<Found> read_some(std::span<const EventPlace> places) {
    auto table = warehouse_->query(statement_of(table_, places), places.size() * kRowsPerIdMax);
    if (!table) return base::fail(std::move(table.error()));
    auto layout = layout_of(*table);
    if (!layout) return base::fail(std::move(layout.error()));
    Found found;
    for (const auto& row : table->rows) {
      const auto& id = row[layout->id];
      if (!id) continue;
      auto text = tell(*layout, row, *id);
      if (!text) return base::fail(std::move(text.error()));
      if (*text) found.emplace(*id, std::move(**text));
    }
    return found;
  }

  // The event of a row; nothing where it tells none.
  base::Result<std::optional<std::string>> tell(const Layout& layout,
                                                const std::vector<std::optional<std::string>>& row,
                                                const std::string& id) {
    std::vector<event::Cell> cells;
    for (std::size_t i = 0; i < layout.fields.size(); ++i) {
      cells.push_back(layout.fields[i] ? cell_of(event::catalogue()[i], row[*layout.fields[i]]) : event::Cell());
    }
    const std::string extra = layout.extra ? row[*layout.extra].value_or("") : "";
    std::string parts;
    if (extra.find(event::kParts) != std::string::npos) {
      auto read = read_parts(id);
      if (!read) return base::fail(std::move(read.error()));
      parts = std::move(*read);
    }
    auto text = event::decode(cells, extra, parts);
    if (!text) return std::optional<std::string>();
    return std::optional(std::move(*text));
  }

  base::Result<std::string> read_parts(const std::string& id) {
    auto table = warehouse_->query(fmt::format("SELECT body FROM {} WHERE event_id = '{}' ORDER BY part", parts_, id),
                                   kPartsMax);
    if (!table) return base::fail(std::move(table.error()));
    std::string whole;
    for (const auto& row : table->rows) whole += row[0].value_or("");
    return whole;
  }

  const std::unique_ptr<Warehouse> warehouse_;
  const std::string table_;
  const std::string parts_;
};

}  // namespace

std::unique_ptr<EventReader> make_event_reader(std::unique_ptr<Warehouse> warehouse, std::string table,
                                               std::string parts) {
  return std::make_unique<QueryEventReader>(std::move(warehouse), std::move(table), std::move(parts));
}

}  // namespace twinshift::warehouse
