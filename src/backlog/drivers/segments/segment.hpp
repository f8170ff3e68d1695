// What is known of one segment in memory: which events it holds, which of them are settled, and where its blocks stand.
// A bit an event once the first is settled, and a run for each arrival hour: bounded for tens of millions of events.
// No I/O. One thread at a time (the ledger's lock).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backlog/drivers/segments/scan.hpp"
#include "base/clock.hpp"

namespace twinshift::backlog::segments {

// Events owed, by the hour in which they arrived.
using OwedByHour = std::map<base::WallTime, std::uint64_t>;

// Events owed, over all segments.
struct Tally {
  std::uint64_t owed = 0;
  std::uint64_t ids_only = 0;
  OwedByHour by_hour;

  void add(base::WallTime hour, bool without_body, std::uint64_t events);
  void remove(base::WallTime hour, bool without_body);
};

class Segment {
 public:
  Segment(std::uint32_t number, std::string path, std::int64_t first)
      : number_(number), path_(std::move(path)), first_(first), end_(first) {}

  [[nodiscard]] std::uint32_t number() const { return number_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::int64_t first() const { return first_; }
  [[nodiscard]] std::int64_t end() const { return end_; }  // behind its last event

  // A durable block behind the last one. What lies between them is lost; returns how many events.
  std::uint64_t append(const BlockPlace& place, Tally& tally);
  // The events up to `end` are lost.
  std::uint64_t lose_up_to(std::int64_t end);

  // False where it was settled before, or is none of its events.
  bool settle(std::int64_t event, Tally& tally);
  [[nodiscard]] bool settled(std::int64_t event) const;
  [[nodiscard]] bool all_settled() const { return settled_ == static_cast<std::uint64_t>(end_ - first_); }
  // The first one from `event` on that is not settled; end() where there is none.
  [[nodiscard]] std::int64_t next_owed(std::int64_t event) const;
  // A bit an event from first() on, 1: settled. Empty where none is.
  [[nodiscard]] const std::vector<std::uint64_t>& settled_bits() const { return bits_; }

  // The bodies of these are gone.
  void without_bodies(std::int64_t first, std::int64_t end, Tally& tally);

  // The blocks' places are kept while someone reads or writes here.
  [[nodiscard]] bool has_places() const { return has_places_; }
  void set_places(std::vector<BlockPlace> places);
  void drop_places();
  // The block that holds `event`; else, where the places no longer have it, nothing.
  [[nodiscard]] std::optional<BlockPlace> place_of(std::int64_t event) const;
  // The first event of the next block behind `event`, end() where there is none.
  [[nodiscard]] std::int64_t next_place(std::int64_t event) const;
  [[nodiscard]] base::WallTime oldest() const;

  bool sealed = false;   // nothing more is appended
  bool damaged = false;  // kept aside when it is settled
  bool gone = false;     // its file was deleted: nothing of it can be lent any more
  std::uint64_t bytes = kFileHeaderBytes;
  std::size_t blocks = 0;

  // The pass in which its events are lent in order; another follows where some could not be.
  struct Pass {
    std::int64_t next = 0;  // the next event to offer
    bool leftovers = false;
    base::SteadyTime again_at{};
    int failures = 0;
  };
  Pass pass;

 private:
  struct Run {
    std::int64_t first = 0;
    base::WallTime hour{};
    base::WallTime oldest{};
    bool without_body = false;
  };
  [[nodiscard]] const Run& run_of(std::int64_t event) const;
  void mark(std::int64_t event);
  std::size_t split_at(std::int64_t event);

  const std::uint32_t number_;
  const std::string path_;
  const std::int64_t first_;
  std::int64_t end_;
  std::vector<Run> runs_;
  std::vector<std::uint64_t> bits_;
  std::uint64_t settled_ = 0;
  bool has_places_ = true;
  std::vector<BlockPlace> places_;
};

}  // namespace twinshift::backlog::segments
