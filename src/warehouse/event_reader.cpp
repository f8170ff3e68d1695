#include "warehouse/event_reader.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "event/identity.hpp"
#include "warehouse/event_places.hpp"
#include "warehouse/stored_event.hpp"

namespace twinshift::warehouse {
namespace {

// Ids in one statement: with its ranges it stays far below the Data API's 100 KB.
constexpr std::size_t kIdsMax = 250;
// Where a target took an event twice it has two rows of it.
constexpr std::size_t kRowsPerIdMax = 4;

std::string statement_of(const std::string& table, std::span<const EventPlace> places) {
  return fmt::format("SELECT * FROM {} WHERE {}", table, places_sql(places));
}

bool is_sound(const std::string& id, const std::string& text) {
  return event::content_id(text).hex() == id;
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
    auto rows = tell_events(*warehouse_, parts_, *table);
    if (!rows) return base::fail(std::move(rows.error()));
    Found found;
    for (StoredEvent& row : *rows) {
      if (!row.text) continue;
      const auto [place, fresh] = found.try_emplace(row.id, *row.text);
      // Of several copies, one of which somebody has changed, the one that tells the event.
      if (!fresh && !is_sound(row.id, place->second)) place->second = std::move(*row.text);
    }
    return found;
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
