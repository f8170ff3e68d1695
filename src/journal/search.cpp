#include "journal/search.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "journal/bytes.hpp"
#include "journal/id_filter.hpp"
#include "journal/newest.hpp"
#include "journal/segment_files.hpp"

namespace twinshift::journal {
namespace {

using event::EventId;

// Goes through all segments, the newest first; `end_of_file` after each.
base::Result<Coverage> go_through(const std::filesystem::path& folder, const ShowBlock& show,
                                  const std::function<void()>& end_of_file) {
  auto files = list_segments(folder);
  if (!files) return base::fail(std::move(files.error()));
  Coverage coverage;
  std::optional<base::WallTime> since;
  for (auto file = files->rbegin(); file != files->rend(); ++file) {
    const auto counts = scan_segment(file->path, [&](const Block& block) {
      since = std::min(since.value_or(block.head().at), block.head().at);
      if (block.head().kind == Kind::received) coverage.received += block.head().rows;
      show(block);
    });
    end_of_file();
    // One that the ring has just deleted is no fault.
    std::error_code ignored;
    if (!counts && std::filesystem::exists(file->path, ignored)) ++coverage.unread_files;
    if (counts) coverage.foreign_bytes += counts->foreign_bytes;
  }
  coverage.since = since.value_or(base::WallTime{});
  return coverage;
}

// Calls `hit(row)` where the column holds `wanted`.
template <class Hit>
void each_equal(std::string_view column, const EventId& wanted, Hit hit) {
  std::uint64_t low = 0;
  std::memcpy(&low, wanted.bytes.data(), sizeof low);
  for (std::size_t at = 0; at + kIdBytes <= column.size(); at += kIdBytes) {
    if (get<std::uint64_t>(column, at) != low) continue;
    if (std::memcmp(column.data() + at, wanted.bytes.data(), kIdBytes) == 0) hit(at / kIdBytes);
  }
}

template <class Hit>
void each_equal(std::string_view column, std::uint64_t wanted, Hit hit) {
  for (std::size_t at = 0; at + sizeof wanted <= column.size(); at += sizeof wanted) {
    if (get<std::uint64_t>(column, at) == wanted) hit(at / sizeof wanted);
  }
}

// The events of one file come oldest first, those of the files newest first.
class EventCollector {
 public:
  explicit EventCollector(std::size_t events_max) : events_max_(events_max) {}

  void add(const EventId& event) {
    std::erase(of_file_, event);  // it comes again: newer now
    of_file_.push_back(event);
    if (of_file_.size() <= events_max_) return;
    of_file_.erase(of_file_.begin());
    cut_ = true;
  }
  void end_of_file() {
    for (auto event = of_file_.rbegin(); event != of_file_.rend(); ++event) {
      if (!known_.insert(*event).second) continue;
      if (events_.size() < events_max_) {
        events_.push_back(*event);
      } else {
        cut_ = true;
      }
    }
    of_file_.clear();
  }
  Matches take() { return {.events = std::move(events_), .cut = cut_}; }

 private:
  const std::size_t events_max_;
  std::vector<EventId> of_file_;
  std::vector<EventId> events_;
  std::set<EventId> known_;
  bool cut_ = false;
};

// One event's entries while the search runs.
struct Entries {
  Newest<Delivery> deliveries{kEntriesMax};
  Newest<Landing> landings{kEntriesMax};
  Newest<Passing> parked{kEntriesMax};
  Newest<Passing> quarantined{kEntriesMax};

  void end_of_file() {
    deliveries.end_of_file();
    landings.end_of_file();
    parked.end_of_file();
    quarantined.end_of_file();
  }
};

Landing landing_of(const Block& block, std::size_t row) {
  const Landed batch = block.landed();
  Landing landing{.at = block.head().at,
                  .target = std::string(batch.target),
                  .batch_id = std::string(batch.batch_id),
                  .statement_id = std::string(batch.statement_id),
                  .writing = Writing::unknown,
                  .from_backlog = batch.from_backlog};
  if (!batch.by_marker) landing.writing = block.inserted(row) ? Writing::inserted : Writing::duplicate;
  return landing;
}

void add_entry(Entries& entries, const Block& block, std::size_t row) {
  const base::WallTime at = block.head().at;
  switch (block.head().kind) {
    case Kind::received: {
      Block::Arrival arrival = block.arrival(row);
      entries.deliveries.add({at, arrival.received_at, arrival.event_at, std::move(arrival.message_id)});
      break;
    }
    case Kind::landed:
      entries.landings.add(landing_of(block, row));
      break;
    case Kind::parked:
      entries.parked.add({at, std::string(block.target())});
      break;
    case Kind::quarantined:
      entries.quarantined.add({at, std::string(block.target())});
      break;
  }
}

History history_of(const EventId& event, Entries& entries) {
  const bool cut =
      entries.deliveries.cut() || entries.landings.cut() || entries.parked.cut() || entries.quarantined.cut();
  return {.event = event,
          .deliveries = entries.deliveries.take(),
          .landings = entries.landings.take(),
          .parked = entries.parked.take(),
          .quarantined = entries.quarantined.take(),
          .cut = cut};
}

// Found is found only in a block whose checksum holds; it is asked once a block.
class Soundness {
 public:
  explicit Soundness(const Block& block, std::uint64_t& damaged) : block_(block), damaged_(damaged) {}
  bool holds() {
    if (asked_) return sound_;
    asked_ = true;
    sound_ = block_.is_sound();
    if (!sound_) ++damaged_;
    return sound_;
  }

 private:
  const Block& block_;
  std::uint64_t& damaged_;
  bool asked_ = false;
  bool sound_ = false;
};

}  // namespace

base::Result<Matches> find_events(const std::filesystem::path& folder, std::string_view text, std::size_t events_max) {
  const EventId message = message_key_of(text);
  const std::uint64_t install = install_hash_of(text);
  EventCollector found(events_max);
  std::uint64_t damaged = 0;
  auto coverage = go_through(
      folder,
      [&](const Block& block) {
        if (block.head().kind != Kind::received) return;
        Soundness sound(block, damaged);
        const auto hit = [&](std::size_t row) {
          if (sound.holds()) found.add(block.id(row));
        };
        each_equal(block.message_keys(), message, hit);
        each_equal(block.install_hashes(), install, hit);
      },
      [&] { found.end_of_file(); });
  if (!coverage) return base::fail(std::move(coverage.error()));
  Matches matches = found.take();
  matches.coverage = *coverage;
  matches.coverage.damaged_blocks = damaged;
  return matches;
}

base::Result<Histories> find_histories(const std::filesystem::path& folder, const std::vector<EventId>& events) {
  std::map<EventId, Entries> found;
  IdFilter filter;
  for (const EventId& event : events) {
    found.try_emplace(event);
    filter.add(event);
  }
  std::uint64_t damaged = 0;
  auto coverage = go_through(
      folder,
      [&](const Block& block) {
        Soundness sound(block, damaged);
        filter.each_candidate(block.ids(), [&](std::size_t row) {
          const auto entries = found.find(block.id(row));
          if (entries != found.end() && sound.holds()) add_entry(entries->second, block, row);
        });
      },
      [&] {
        for (auto& [event, entries] : found) entries.end_of_file();
      });
  if (!coverage) return base::fail(std::move(coverage.error()));
  Histories histories{.events = {}, .coverage = *coverage};
  histories.coverage.damaged_blocks = damaged;
  for (const EventId& event : events) histories.events.push_back(history_of(event, found[event]));
  return histories;
}

}  // namespace twinshift::journal
