// Finds events in the journal by going through all of it: ids stand in columns of fixed width, so a million events are
// some 90 MB of which 64 are looked at, and the hot path keeps no index. The newest segments come first.
//
// Any thread; nothing is written, and a writer in this or another process is not disturbed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "event/event.hpp"

namespace twinshift::journal {

// Of one event, of each kind: the newest so many are told.
inline constexpr std::size_t kEntriesMax = 20;

struct Delivery {
  base::WallTime at{};  // when delivery took it from the queue
  base::WallTime received_at{};
  base::WallTime event_at{};
  std::string message_id{};
};
enum class Writing : std::uint8_t { inserted, duplicate, unknown };  // unknown: settled by the batch's marker
struct Landing {
  base::WallTime at{};
  std::string target{};
  std::string batch_id{};
  std::string statement_id{};
  Writing writing = Writing::unknown;
  bool from_backlog = false;
};
struct Passing {  // parked, quarantined
  base::WallTime at{};
  std::string target{};
};

// What the journal knows of one event, the newest first.
struct History {
  event::EventId event{};
  std::vector<Delivery> deliveries{};
  std::vector<Landing> landings{};
  std::vector<Passing> parked{};
  std::vector<Passing> quarantined{};
  bool cut = false;  // there is more than kEntriesMax of a kind
  [[nodiscard]] bool empty() const {
    return deliveries.empty() && landings.empty() && parked.empty() && quarantined.empty();
  }
};

// What was gone through.
struct Coverage {
  base::WallTime since{};  // the oldest block; 1970: there is none
  std::uint64_t received = 0;
  std::uint64_t damaged_blocks = 0;  // among those in which something was found
  std::uint64_t foreign_bytes = 0;   // torn or damaged, or not of our making
  std::uint64_t unread_files = 0;
};

// The events that a message of this id, or messages with this appsflyer_id, brought: distinct, the newest first.
struct Matches {
  std::vector<event::EventId> events;
  bool cut = false;  // there are more than were asked for
  Coverage coverage{};
};
// Errors of both: `not_found` where there is no journal, `unavailable`.
base::Result<Matches> find_events(const std::filesystem::path& folder, std::string_view text, std::size_t events_max);

struct Histories {
  std::vector<History> events;  // by the order asked for; empty ones, too
  Coverage coverage{};
};
base::Result<Histories> find_histories(const std::filesystem::path& folder, const std::vector<event::EventId>& events);

}  // namespace twinshift::journal
