// The journal of settled events, `settled.log`: records of 32 bytes, each with its own checksum, written and made
// durable before anyone is told that a debt is gone. Its room is taken beforehand, so a full disk stops no settling;
// written anew, without what deleted segments held, when it is full. A damaged record only means that its events come
// again (docs/formats/backlog.md). One thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backlog/drivers/segments/disk_file.hpp"

namespace twinshift::backlog::segments {

// Events first .. first + count - 1.
struct EventRange {
  std::int64_t first = 0;
  std::int64_t count = 0;
  bool operator==(const EventRange&) const = default;
};
// The fewest ranges that hold `events`.
std::vector<EventRange> ranges_of(std::vector<std::int64_t> events);

// Where the writer stands: all events below `next_event` were durable, no file has had a number of `next_number` or
// more.
struct Position {
  std::int64_t next_event = 1;
  std::uint32_t next_number = 1;
};

// More than a segment can hold. Segment n begins at (n - 1) * kSegmentNumbers + 1 at the latest, and a gap as wide as
// this was left out (opening.cpp): it is no loss.
inline constexpr std::int64_t kSegmentNumbers = std::int64_t{1} << 32U;

// A segment that was begun: where its file is gone, or cut short, this tells what stood in it.
struct SegmentBegin {
  std::uint32_t number = 0;
  std::int64_t first = 0;
};

// What reading a journal tells, record by record.
struct JournalReader {
  std::function<void(EventRange)> settled;
  std::function<void(EventRange)> lost;
  std::function<void(Position)> position;
  std::function<void(SegmentBegin)> segment;
};

class Journal {
 public:
  // Writes the whole of it anew; what is settled comes as bits (64 events a word, from `first` on).
  struct Bits {
    std::int64_t first = 0;
    std::vector<std::uint64_t> words;
  };
  struct Content {
    Position position;
    std::vector<Bits> settled;
    std::vector<EventRange> settled_ranges;  // settled as well
    std::vector<EventRange> lost;
    std::vector<SegmentBegin> segments;
  };

  // Reads what is there, if anything; returns how many records are damaged. The file is not changed.
  static base::Result<std::uint64_t> read(const std::string& path, const JournalReader& reader);
  // The same of bytes that were read from it.
  static std::uint64_t read_bytes(std::string_view bytes, const JournalReader& reader);
  // Puts a new one in the place of the old one.
  static base::Result<Journal> create(const std::string& path, const Content& content);

  // Durable on success. After an error the journal must be created anew.
  base::Status append(std::span<const EventRange> settled, std::span<const EventRange> lost, Position position);
  // Not synced: hints that survive a crash of the process.
  void note_position(Position position);
  void note_segment(SegmentBegin segment);
  // To be written anew before more is appended.
  [[nodiscard]] bool full() const;

 private:
  void note(const std::string& text);
  explicit Journal(DiskFile file) : file_(std::move(file)) {}
  DiskFile file_;
  std::uint64_t end_ = 0;
  std::uint64_t full_at_ = 0;
};

}  // namespace twinshift::backlog::segments
