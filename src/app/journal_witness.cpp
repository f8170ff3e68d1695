#include "app/journal_witness.hpp"

#include <algorithm>
#include <vector>

#include "journal/segment_files.hpp"

namespace twinshift::app {
namespace {

constexpr std::string_view kInstallKey = "appsflyer_id";

// Of equal keys the last one counts, as in its column.
std::uint64_t install_hash(const event::Event& event) {
  for (auto field = event.fields.rbegin(); field != event.fields.rend(); ++field) {
    if (field->key == kInstallKey) return journal::install_hash_of(field->text);
  }
  return 0;
}

journal::Received record_of(const event::Event& event) {
  return {.event = event.id,
          .message_id = event.message_id,
          .received_at = event.received_at,
          .event_at = event.event_at,
          .install_hash = install_hash(event)};
}

// `each(part)` for parts that a block holds.
template <class Row, class Each>
void in_blocks(std::span<const Row> rows, Each each) {
  while (!rows.empty()) {
    const auto part = rows.first(std::min(rows.size(), journal::kRowsMax));
    each(part);
    rows = rows.subspan(part.size());
  }
}

}  // namespace

std::unique_ptr<JournalWitness> open_journal(const config::Settings& settings, const base::Clock& clock) {
  if (settings.trace_bytes_max == 0) return nullptr;
  return std::make_unique<JournalWitness>(journal::WriterOptions{.folder = settings.data_dir / journal::kFolderName,
                                                                 .bytes_max = settings.trace_bytes_max,
                                                                 .disk_reserve = settings.disk_reserve},
                                          clock);
}

void JournalWitness::received(std::span<const delivery::Arrival> arrivals) {
  std::vector<journal::Received> rows;
  rows.reserve(arrivals.size());
  for (const delivery::Arrival& arrival : arrivals) {
    if (arrival.event != nullptr) rows.push_back(record_of(*arrival.event));
  }
  const base::WallTime now = clock_.now();
  in_blocks(std::span<const journal::Received>(rows),
            [&](auto part) { writer_.write(journal::encode_received(now, part)); });
}

void JournalWitness::landed(const delivery::Landing& landing) {
  const bool by_marker = landing.outcomes.empty();
  std::vector<journal::LandedEvent> rows;
  rows.reserve(landing.batch.events.size());
  for (std::size_t i = 0; i < landing.batch.events.size(); ++i) {
    const auto outcome = by_marker                     ? warehouse::Outcome::duplicate
                         : i < landing.outcomes.size() ? landing.outcomes[i]
                                                       : warehouse::Outcome::deferred;
    if (outcome != warehouse::Outcome::written && outcome != warehouse::Outcome::duplicate) continue;
    rows.push_back({landing.batch.events[i]->id, outcome == warehouse::Outcome::written});
  }
  const journal::Landed batch{.target = landing.target,
                              .batch_id = landing.batch.id,
                              .statement_id = landing.statement_id,
                              .from_backlog = landing.from_backlog,
                              .by_marker = by_marker};
  const base::WallTime now = clock_.now();
  in_blocks(std::span<const journal::LandedEvent>(rows),
            [&](auto part) { writer_.write(journal::encode_landed(now, batch, part)); });
}

void JournalWitness::list(journal::Kind kind, std::string_view target, std::span<const event::EventId> events) {
  const base::WallTime now = clock_.now();
  in_blocks(events, [&](auto part) { writer_.write(journal::encode_listed(kind, now, target, part)); });
}

void JournalWitness::parked(std::string_view target, std::span<const event::EventId> events) {
  list(journal::Kind::parked, target, events);
}

void JournalWitness::quarantined(std::string_view target, std::span<const event::EventId> events) {
  list(journal::Kind::quarantined, target, events);
}

}  // namespace twinshift::app
