#include "app/person_table.hpp"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "app/erased_apart.hpp"
#include "app/erased_ids.hpp"
#include "event/time_parse.hpp"
#include "warehouse/erased.hpp"
#include "warehouse/event_places.hpp"
#include "warehouse/schema/ddl.hpp"
#include "warehouse/schema/write_text.hpp"
#include "warehouse/stored_event.hpp"

namespace twinshift::app {
namespace {

using base::ErrorKind;
using warehouse::EventPlace;

// Whole rows that are read at once: one may be some megabytes.
constexpr std::size_t kCheckedMax = 50;
// An event has one row; somebody may have copied it.
constexpr std::size_t kRowsPerIdMax = 4;

base::Error too_many(std::size_t events_max) {
  return {ErrorKind::full, fmt::format("there are more than {} such events", events_max), "erase",
          "Is it one person's value? Nothing was changed"};
}

base::Result<std::vector<EventPlace>> places_in(const warehouse::Table& table, std::size_t events_max) {
  if (table.cut) return base::fail(too_many(events_max));
  std::vector<EventPlace> places;
  for (const auto& row : table.rows) {
    const auto id = row[0] ? parse_event_id(*row[0]) : std::nullopt;
    const auto at = row[1] ? event::parse_timestamp(*row[1]) : std::nullopt;
    if (!id || !at) {
      return base::fail(ErrorKind::conflict, "a row's event_id or event_at cannot be read", "erase",
                        "Somebody has changed it; `twinshift verify --deep` names it");
    }
    places.push_back({*id, at->utc});
  }
  std::ranges::sort(places, {}, [](const EventPlace& place) { return std::pair(place.id, place.event_at); });
  const auto again = std::ranges::unique(
      places, [](const EventPlace& a, const EventPlace& b) { return a.id == b.id && a.event_at == b.event_at; });
  places.erase(again.begin(), again.end());
  return places;
}

}  // namespace

base::Result<warehouse::Table> PersonTable::ask(const std::string& sql, std::size_t rows_max) {
  return warehouse_->query(sql, rows_max);
}

base::Result<std::string> PersonTable::first_valid(const std::vector<std::string>& conditions) {
  for (const std::string& condition : conditions) {
    auto taken =
        ask(fmt::format("SELECT 1 FROM {} t WHERE {} AND 1 = 0", warehouse_->event_table().quoted(), condition), 1);
    if (taken) return condition;
    if (taken.error().kind != ErrorKind::invalid) return base::fail(std::move(taken.error()));
  }
  return std::string();
}

// By the table's alias: SQLite takes a bare name that is no column for a text.
base::Result<PersonTable::Conditions> PersonTable::conditions_for(const Person& person) {
  const warehouse::Dialect dialect = is_redshift() ? warehouse::Dialect::redshift : warehouse::Dialect::postgres;
  const std::string column = "t." + warehouse::quote_identifier(person.field);
  // SQLite knows no backslash either.
  const std::string value = warehouse::literal(dialect, person.value);
  const std::string pattern = warehouse::literal(dialect, like_pattern(person));
  auto typed = first_valid({column + " = " + value, fmt::format("CAST({} AS VARCHAR(1000)) = {}", column, value)});
  if (!typed) return base::fail(std::move(typed.error()));
  const std::string as_text = is_redshift() ? "JSON_SERIALIZE(t.extra)" : "CAST(t.extra AS TEXT)";
  auto extra = first_valid({"t.extra LIKE " + pattern, as_text + " LIKE " + pattern});
  if (!extra) return base::fail(std::move(extra.error()));
  return Conditions{std::move(*typed), std::move(*extra)};
}

// A row whose id was removed stands in every page, so that it is named.
base::Result<std::vector<EventPlace>> PersonTable::candidates(const std::string& condition,
                                                              const std::optional<event::EventId>& from) {
  const std::string behind =
      from ? fmt::format(" AND (t.event_id >= '{}' OR t.event_id IS NULL)", from->hex()) : std::string();
  auto found =
      ask(fmt::format("SELECT DISTINCT t.event_id, CAST(t.event_at AS VARCHAR(32)) AS event_at FROM {} t WHERE "
                      "({}){} ORDER BY 1 LIMIT {}",
                      warehouse_->event_table().quoted(), condition, behind, page_max_),
          page_max_);
  if (!found) return base::fail(std::move(found.error()));
  return places_in(*found, page_max_);
}

base::Result<std::vector<EventPlace>> PersonTable::theirs(const Person& person, const std::string& condition,
                                                          bool typed) {
  std::vector<EventPlace> all;
  std::optional<event::EventId> from;
  for (int page = 0; !condition.empty(); ++page) {
    if (page == kCandidatePagesMax) return base::fail(too_many(page_max_ * kCandidatePagesMax));
    auto some = candidates(condition, from);
    if (!some) return some;
    const bool last = some->size() < page_max_;
    if (!last) {
      // The last id may stand in the next page, too: with it that begins.
      if (some->front().id == some->back().id) return base::fail(too_many(page_max_));
      from = some->back().id;
      std::erase_if(*some, [&](const EventPlace& place) { return place.id == from; });
    }
    some = check(person, std::move(*some), typed);
    if (!some) return some;
    all.insert(all.end(), some->begin(), some->end());
    if (all.size() > kErasedEventsMax) return base::fail(too_many(kErasedEventsMax));
    if (last) break;
  }
  return all;
}

base::Result<std::vector<EventPlace>> PersonTable::find(const Person& person) {
  auto conditions = conditions_for(person);
  if (!conditions) return base::fail(std::move(conditions.error()));
  if (conditions->typed.empty() && conditions->extra.empty()) {
    return base::fail(ErrorKind::not_found, "the table has neither the column nor `extra`", target_,
                      "Is it the events' table? `twinshift schema --diff` shows it");
  }
  auto typed = theirs(person, conditions->typed, true);
  if (!typed) return typed;
  auto kept = theirs(person, conditions->extra, false);
  if (!kept) return kept;
  std::set<event::EventId> ids;
  for (const EventPlace& place : *typed) ids.insert(place.id);
  std::erase_if(*kept, [&](const EventPlace& place) { return ids.contains(place.id); });
  typed->insert(typed->end(), kept->begin(), kept->end());
  return typed;
}

// A column that was too narrow holds the beginning of other values, too; `extra` may hold field and value apart. A row
// that tells no event is theirs where the column itself says so.
base::Result<std::vector<EventPlace>> PersonTable::check(const Person& person, std::vector<EventPlace> candidates,
                                                         bool typed) {
  const std::string table = warehouse_->event_table().quoted();
  const std::string parts = warehouse::sibling(warehouse_->event_table(), warehouse::kPartsTable);
  std::set<std::string> theirs;
  for (std::span<const EventPlace> left = candidates; !left.empty();) {
    const auto some = left.first(std::min(left.size(), kCheckedMax));
    auto rows =
        ask(fmt::format("SELECT * FROM {} WHERE {}", table, warehouse::places_sql(some)), some.size() * kRowsPerIdMax);
    if (!rows) return base::fail(std::move(rows.error()));
    auto stored = warehouse::tell_events(*warehouse_, parts, *rows);
    if (!stored) return base::fail(std::move(stored.error()));
    for (const warehouse::StoredEvent& event : *stored) {
      const auto says = event.text ? is_of(person, *event.text) : std::nullopt;
      if (says.value_or(typed)) theirs.insert(event.id);
    }
    left = left.subspan(some.size());
  }
  std::erase_if(candidates, [&](const EventPlace& place) { return !theirs.contains(place.id.hex()); });
  return candidates;
}

base::Result<std::set<std::string>> PersonTable::noted(std::span<const EventPlace> events) {
  return erased_among(*warehouse_, events);
}

base::Result<std::set<std::string>> PersonTable::standing(std::span<const EventPlace> events) {
  std::set<std::string> ids;
  while (!events.empty()) {
    const auto some = events.first(std::min(events.size(), warehouse::kRemovedMax));
    events = events.subspan(some.size());
    auto rows = ask(fmt::format("SELECT DISTINCT event_id FROM {} WHERE {}", warehouse_->event_table().quoted(),
                                warehouse::places_sql(some)),
                    some.size());
    if (!rows && rows.error().kind == ErrorKind::invalid) return std::set<std::string>();
    if (!rows) return base::fail(std::move(rows.error()));
    for (const auto& row : rows->rows) {
      if (row[0]) ids.insert(*row[0]);
    }
  }
  return ids;
}

base::Result<std::vector<EventPlace>> PersonTable::erased(const std::optional<event::EventId>& after) {
  const warehouse::TableName table = warehouse_->event_table();
  const warehouse::Dialect dialect = is_redshift() ? warehouse::Dialect::redshift : warehouse::Dialect::postgres;
  const std::string behind = after ? fmt::format(" AND event_id > '{}'", after->hex()) : std::string();
  auto rows = ask(fmt::format("SELECT event_id, CAST(MIN(event_at) AS VARCHAR(32)) AS event_at FROM {} WHERE "
                              "table_name = {}{} GROUP BY event_id ORDER BY event_id LIMIT {}",
                              warehouse::sibling(table, warehouse::kErasedTable),
                              warehouse::literal(dialect, table.table), behind, kErasedPageMax),
                  kErasedPageMax);
  if (rows) return places_in(*rows, kErasedPageMax);
  if (rows.error().kind == ErrorKind::invalid) return std::vector<EventPlace>();
  return base::fail(std::move(rows.error()));
}

}  // namespace twinshift::app
