// What writes the quarantine on behalf of a person: events go back on their way, or are dropped. In the service (by the
// control socket) or, where none runs, in the command itself.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "backlog/backlog.hpp"
#include "base/error.hpp"
#include "books/books_file.hpp"
#include "control/control.hpp"
#include "event/event.hpp"
#include "quarantine/quarantine.hpp"
#include "queue/event_queue.hpp"

namespace twinshift::app {

inline constexpr const char* kReplayVerb = "quarantine replay";
inline constexpr const char* kDropVerb = "quarantine drop";
// Tickets in one request.
inline constexpr std::size_t kTicketsMax = 500;

// "ID TRIES", as the control socket carries it.
std::string text_of(const quarantine::Ticket& ticket);

// Tells the books what became of drops that were planned; also of those that a crash has left unsettled.
base::Status settle_planned_drops(books::BooksFile& books, quarantine::Reader& reader);

// What became of the records that were to be replayed; of the others nothing is there any more.
struct Replayed {
  std::uint64_t sent = 0;  // their events are on their way
  std::uint64_t stay = 0;  // of these: refused again before the record could go, which holds the event once more
};

// One thread at a time (Turns); cancel() by any.
class QuarantineActions {
 public:
  struct Parts {
    quarantine::Quarantine* quarantine = nullptr;
    // The token ends a long reading early.
    std::function<base::Result<std::unique_ptr<quarantine::Reader>>(std::stop_token)> open_reader{};
    queue::EventQueue* queue = nullptr;
    std::vector<backlog::Backlog*> backlogs{};  // of the secondaries
    // Secondaries that have no backlog here and are served from the queue: the primary recognises what it has.
    std::vector<std::string> through_queue{};
    event::IdentityMode identity = event::IdentityMode::content;
    // Where what a person drops is waived. May be empty.
    std::shared_ptr<books::BooksFile> books{};
  };
  explicit QuarantineActions(Parts parts) : parts_(std::move(parts)) {}

  // The primary's events go into the queue (the other side recognises them), a secondary's into its backlog, if any.
  // All durable there first, then out of the quarantine together: a crash between leaves records of events that land
  // once all the same. A record that was refused again since its ticket was made is sent as it is now.
  base::Result<Replayed> replay(const std::vector<quarantine::Ticket>& tickets);
  base::Result<std::uint64_t> drop(const std::vector<quarantine::Ticket>& tickets);
  // Drops for good; the books waive those that went.
  base::Result<std::uint64_t> give_up(const std::vector<quarantine::Ticket>& tickets);

  // Ends what is under way with `cancelled`, as soon as may be, and what comes.
  void cancel() { stop_.request_stop(); }

  // A request of the two verbs. The text of a good reply: of a drop how many records went; of a replay the numbers of
  // Replayed.
  control::Reply answer(const control::Request& request);

 private:
  // Also after an error `sent` holds those whose events are durable elsewhere.
  base::Status send_all(const std::vector<quarantine::Ticket>& tickets, std::vector<quarantine::Ticket>& sent);
  // Once for each message that brought the event: the first lands, the others are its duplicates, and the books close.
  base::Status send_arrivals(const quarantine::Record& record);
  base::Status send(const std::string& target, std::vector<event::EventPtr> events);
  base::Status send_to_queue(std::vector<event::EventPtr> events);

  const Parts parts_;
  std::stop_source stop_;
};

}  // namespace twinshift::app
