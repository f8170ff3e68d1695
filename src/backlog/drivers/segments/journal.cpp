#include "backlog/drivers/segments/journal.hpp"

#include <algorithm>
#include <bit>
#include <filesystem>
#include <utility>

#include "backlog/drivers/segments/little_endian.hpp"
#include "base/failpoint.hpp"

namespace twinshift::backlog::segments {
namespace {

constexpr std::size_t kRecordBytes = 32;
constexpr std::string_view kMagic = "TSbkset\x01";
// Room taken beforehand: some 32,000 records. Twice as much where much is settled out of order.
constexpr std::uint64_t kJournalBytes = 1U << 20U;
constexpr std::size_t kReadBytes = 1U << 20U;
constexpr std::int64_t kWordBits = 64;

enum class RecordKind : std::uint32_t {
  head = 1,      // the first one: magic
  settled = 2,   // first, count
  bits = 3,      // first, 64 events
  lost = 4,      // first, count
  position = 5,  // next event, next number
  segment = 6,   // first, number
};

void append_record(std::string& out, RecordKind kind, std::int64_t a, std::uint64_t b, std::uint64_t c = 0) {
  std::string record;
  put(record, static_cast<std::uint32_t>(kind));
  put_signed(record, a);
  put(record, b);
  put(record, c);
  put(out, checksum(record));
  out += record;
}

void append_ranges(std::string& out, RecordKind kind, std::span<const EventRange> ranges) {
  for (const EventRange& range : ranges) {
    append_record(out, kind, range.first, static_cast<std::uint64_t>(range.count));
  }
}

void append_position(std::string& out, Position position) {
  append_record(out, RecordKind::position, position.next_event, position.next_number);
}

void append_segment(std::string& out, SegmentBegin segment) {
  append_record(out, RecordKind::segment, segment.first, segment.number);
}

std::string head_record() {
  std::string out;
  append_record(out, RecordKind::head, 0, get<std::uint64_t>(kMagic, 0));
  return out;
}

std::string text_of(const Journal::Content& content) {
  std::string out = head_record();
  append_position(out, content.position);
  for (const SegmentBegin& segment : content.segments) append_segment(out, segment);
  append_ranges(out, RecordKind::lost, content.lost);
  append_ranges(out, RecordKind::settled, content.settled_ranges);
  for (const Journal::Bits& bits : content.settled) {
    std::int64_t first = bits.first;
    for (const std::uint64_t word : bits.words) {
      if (word != 0) append_record(out, RecordKind::bits, first, word);
      first += kWordBits;
    }
  }
  return out;
}

void tell_bits(std::int64_t first, std::uint64_t word, const JournalReader& reader) {
  while (word != 0) {
    const int skip = std::countr_zero(word);
    const int run = std::countr_one(word >> static_cast<unsigned>(skip));
    reader.settled({first + skip, run});
    if (skip + run >= kWordBits) return;
    word &= ~std::uint64_t{0} << static_cast<unsigned>(skip + run);
  }
}

// False where the record is damaged.
bool tell(std::string_view record, const JournalReader& reader) {
  if (get<std::uint32_t>(record, 0) != checksum(record.substr(4))) return false;
  const std::int64_t a = get_signed(record, 8);
  const auto b = get<std::uint64_t>(record, 16);
  switch (static_cast<RecordKind>(get<std::uint32_t>(record, 4))) {
    case RecordKind::settled:
      reader.settled({a, static_cast<std::int64_t>(b)});
      return true;
    case RecordKind::bits:
      tell_bits(a, b, reader);
      return true;
    case RecordKind::lost:
      reader.lost({a, static_cast<std::int64_t>(b)});
      return true;
    case RecordKind::position:
      reader.position({.next_event = a, .next_number = static_cast<std::uint32_t>(b)});
      return true;
    case RecordKind::segment:
      reader.segment({.number = static_cast<std::uint32_t>(b), .first = a});
      return true;
    case RecordKind::head:
      return true;
  }
  return false;
}

bool is_empty(std::string_view record) {
  return record.find_first_not_of('\0') == std::string_view::npos;
}

}  // namespace

std::vector<EventRange> ranges_of(std::vector<std::int64_t> events) {
  std::ranges::sort(events);
  std::vector<EventRange> ranges;
  for (const std::int64_t event : events) {
    if (!ranges.empty() && event <= ranges.back().first + ranges.back().count) {
      ranges.back().count = std::max(ranges.back().count, event - ranges.back().first + 1);
    } else {
      ranges.push_back({event, 1});
    }
  }
  return ranges;
}

base::Result<std::uint64_t> Journal::read(const std::string& path, const JournalReader& reader) {
  auto file = DiskFile::open(path);
  if (!file && file.error().kind == base::ErrorKind::not_found) return std::uint64_t{0};
  if (!file) return base::fail(std::move(file.error()));
  std::uint64_t damaged = 0;
  for (std::uint64_t at = 0;;) {
    auto chunk = file->read(at, kReadBytes);
    if (!chunk) return base::fail(std::move(chunk.error()));
    damaged += read_bytes(*chunk, reader);
    if (chunk->size() < kReadBytes) return damaged;
    at += chunk->size();
  }
}

std::uint64_t Journal::read_bytes(std::string_view bytes, const JournalReader& reader) {
  std::uint64_t damaged = 0;
  for (std::size_t i = 0; i + kRecordBytes <= bytes.size(); i += kRecordBytes) {
    const std::string_view record = bytes.substr(i, kRecordBytes);
    if (!is_empty(record) && !tell(record, reader)) ++damaged;
  }
  return damaged;
}

base::Result<Journal> Journal::create(const std::string& path, const Content& content) {
  const std::string fresh = path + ".new";
  if (auto removed = remove_file(fresh); !removed) return base::fail(std::move(removed.error()));
  auto file = DiskFile::create(fresh);
  if (!file) return base::fail(std::move(file.error()));
  Journal journal(std::move(*file));
  const std::string text = text_of(content);
  journal.full_at_ = std::max<std::uint64_t>(kJournalBytes, 2 * text.size());
  journal.file_.reserve(journal.full_at_);
  if (auto written = journal.file_.write(0, text); !written) return base::fail(std::move(written.error()));
  if (auto synced = journal.file_.sync(); !synced) return base::fail(std::move(synced.error()));
  base::failpoint(base::Failpoint::backlog_segments_journal_before_rename);
  if (auto renamed = rename_file(fresh, path); !renamed) return base::fail(std::move(renamed.error()));
  base::failpoint(base::Failpoint::backlog_segments_journal_after_rename);
  journal.end_ = text.size();
  return journal;
}

base::Status Journal::append(std::span<const EventRange> settled, std::span<const EventRange> lost, Position position) {
  std::string text;
  append_ranges(text, RecordKind::settled, settled);
  append_ranges(text, RecordKind::lost, lost);
  append_position(text, position);
  if (auto written = file_.write(end_, text); !written) return written;
  if (auto synced = file_.sync(); !synced) return synced;
  end_ += text.size();
  return {};
}

void Journal::note_position(Position position) {
  std::string text;
  append_position(text, position);
  note(text);
}

void Journal::note_segment(SegmentBegin segment) {
  std::string text;
  append_segment(text, segment);
  note(text);
}

void Journal::note(const std::string& text) {
  if (file_.write(end_, text)) end_ += text.size();
}

bool Journal::full() const {
  return end_ >= full_at_;
}

}  // namespace twinshift::backlog::segments
