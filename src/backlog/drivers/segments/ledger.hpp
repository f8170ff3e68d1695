// What the backlog knows in memory: its segments, which events are owed, which of them are lent. One lock guards it
// all; no I/O is done under it. Any thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include "backlog/backlog.hpp"
#include "backlog/drivers/segments/block_format.hpp"
#include "backlog/drivers/segments/journal.hpp"
#include "backlog/drivers/segments/segment.hpp"
#include "base/clock.hpp"
#include "queue/lease_book.hpp"

namespace twinshift::backlog::segments {

// A file to be removed, or kept aside.
struct Finished {
  std::uint32_t number = 0;
  std::string path;
  bool damaged = false;
};

// A segment whose file cannot be opened now. Nothing of it is lent; the journal keeps what it says of it for a start
// that can.
struct Unreadable {
  std::uint32_t number = 0;
  std::int64_t first = 0;
  std::int64_t end = 0;             // behind its last event
  std::vector<EventRange> settled;  // of its events, without overlaps; lost ones included
  [[nodiscard]] std::uint64_t owed() const;
};

class Ledger {
 public:
  Ledger(const base::Clock& clock, std::uint32_t first_generation, std::size_t lent_max)
      : clock_(clock), leases_(first_generation), lent_max_(lent_max) {}

  // --- At the start, and by the writer ---
  // A segment that is read back, or begun.
  void add(std::unique_ptr<Segment> segment, const Tally& tally);
  void add_unreadable(Unreadable segment);
  void begin(std::uint32_t number, std::string path, std::int64_t first);
  // Durable blocks at the end of the newest segment.
  void append(std::span<const BlockPlace> places);
  void seal();
  // Durable in the journal: these are gone. What is finished by it is taken out and returned.
  std::vector<Finished> settle(std::span<const EventRange> ranges);
  // Forgets what is finished without being settled just now (a sealed segment that was settled before).
  std::vector<Finished> take_finished();
  [[nodiscard]] Journal::Content journal_content(Position position) const;
  void count_lost(std::span<const EventRange> ranges);
  // Its file was deleted: nothing of it is lent from now on. Those of its events that are owed, and are neither lent
  // nor on their way out; none at the second call.
  std::vector<EventRange> lose_file(std::uint32_t segment);
  // Damaged segments that are kept aside already.
  void count_kept_aside(std::uint64_t files);
  // Also of an unreadable segment.
  [[nodiscard]] bool holds(std::int64_t event) const;

  // --- Leases ---
  // The events of the receipts that are of the present loans; they are on their way out from now on.
  std::vector<std::int64_t> take_settled(std::span<const queue::Receipt> receipts);
  void release(std::span<const queue::Receipt> receipts, std::chrono::milliseconds delay);
  void extend(std::span<const queue::Receipt> receipts, std::chrono::milliseconds duration);

  // --- For the lender: one call at a time each ---
  std::vector<queue::LeaseBook::Loan> lend_due(base::SteadyTime deadline, std::size_t loans_max);
  // Nothing where the event is settled, lent, given back, or there is no room.
  std::optional<queue::LeaseBook::Loan> lend(std::int64_t event, base::SteadyTime deadline);
  // The loan is taken back. False where it cannot be carried out any more: the event's file is gone.
  bool forget(std::int64_t event);
  // A loan that could not be carried out: it comes again after `delay`.
  void give_back(const queue::LeaseBook::Loan& loan, std::chrono::milliseconds delay);
  [[nodiscard]] bool has_room_to_lend() const;
  // Where the next event to be lent in order stands.
  struct Offer {
    std::uint32_t segment = 0;
    std::string path;
    std::int64_t event = 0;
    std::int64_t next_place = 0;      // the first event of the next block
    std::int64_t end = 0;             // of the segment
    bool has_places = true;           // false: to be loaded, and asked again
    std::optional<BlockPlace> place;  // none: the event is in no block any more
  };
  // Of the segments from number `from` on.
  std::optional<Offer> next_offer(std::uint32_t from);
  [[nodiscard]] std::optional<Offer> offer_of(std::int64_t event) const;
  // Of the events first .. end - 1 those that may be lent now.
  [[nodiscard]] std::vector<std::int64_t> lendable(std::int64_t first, std::int64_t end) const;
  // The pass goes on at `next`.
  enum class Leftovers : std::uint8_t { none, soon, later };
  void offered_up_to(std::uint32_t segment, std::int64_t next, Leftovers leftovers);
  // What could not be lent is tried again at once: the primary answers again.
  void renew_passes();
  void set_places(std::uint32_t segment, std::vector<BlockPlace> places);
  void drop_places(std::uint32_t segment);
  void mark_damaged(std::uint32_t segment);
  void without_bodies(std::uint32_t segment, std::int64_t first, std::int64_t end);

  // --- For whoever looks without lending ---
  // The segments' files, oldest first.
  [[nodiscard]] std::vector<std::string> paths() const;
  // Of the events first .. end - 1 those that are owed, lent ones included.
  [[nodiscard]] std::vector<std::int64_t> owed_among(std::int64_t first, std::int64_t end) const;

  // Counts up with everything that may let another event be lent.
  [[nodiscard]] std::uint64_t changes() const;
  // Waits until something changed since `seen`, the next loan or pass falls due, `stop`, or `until`.
  void wait(std::uint64_t seen, base::SteadyTime until, const std::stop_token& stop);
  void wake();
  void close();
  [[nodiscard]] bool closed() const;

  struct Snapshot {
    Tally tally;
    std::uint64_t bytes = 0;
    std::uint64_t lost = 0;
    std::uint64_t damaged = 0;  // segments that are, and those kept aside
    std::uint64_t unreadable_files = 0;
    std::uint64_t unreadable_events = 0;  // owed, and not in `tally`
    base::WallTime oldest{};              // of what is owed
  };
  [[nodiscard]] Snapshot snapshot() const;
  [[nodiscard]] std::uint64_t owed() const;
  [[nodiscard]] std::uint64_t bytes() const;

 private:
  using Segments = std::map<std::uint32_t, std::unique_ptr<Segment>>;
  Segment* find(std::uint32_t number) const;
  Segment* holder_of(std::int64_t event) const;
  [[nodiscard]] std::vector<std::int64_t> lendable_in(const Segment& segment, std::int64_t first,
                                                      std::int64_t end) const;
  static Offer offer_in(const Segment& segment, std::int64_t event);
  void renew_pass(Segment& segment, base::SteadyTime now);
  std::vector<Finished> take_finished_locked();
  void changed_locked();
  void note_ends(Journal::Content& content) const;
  [[nodiscard]] std::map<std::uint32_t, EventRange> sealed_ranges() const;
  [[nodiscard]] std::int64_t first_behind(std::uint32_t number, Position position) const;

  const base::Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  // All below: mutex_.
  Segments segments_;
  std::map<std::uint32_t, Unreadable> unreadable_;
  Tally tally_;
  queue::LeaseBook leases_;
  const std::size_t lent_max_;
  std::map<std::int64_t, bool> leaving_;  // settled by their receipt, not yet in the journal
  std::vector<EventRange> lost_ranges_;   // of segments that are still here
  std::uint64_t lost_ = 0;
  std::uint64_t kept_aside_ = 0;
  std::uint64_t changes_ = 0;
  bool closed_ = false;
};

}  // namespace twinshift::backlog::segments
