#include "backlog/drivers/segments/opening.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "backlog/drivers/segments/scan.hpp"
#include "backlog/drivers/segments/writer.hpp"
#include "base/log.hpp"

namespace twinshift::backlog::segments {
namespace {

namespace fs = std::filesystem;
namespace log = base::log;

struct Found {
  std::string path;
  Scan scan;
};
using Files = std::map<std::uint32_t, Found>;

constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();

std::optional<std::uint32_t> number_in(std::string_view name) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  const bool all = error == std::errc{} && end == name.data() + name.size();
  return all && number > 0 ? std::optional(number) : std::nullopt;
}

class Opening {
 public:
  Opening(const std::string& folder, const std::string& target, Ledger& ledger)
      : folder_(folder), target_(target), ledger_(ledger) {}

  // What the folder holds, into the ledger; no file is changed.
  base::Status read() {
    if (auto listed = list(); !listed) return listed;
    if (auto read = read_journal(); !read) return read;
    const std::int64_t durable_to = position_.next_event;
    for (const std::uint32_t number : numbers_) {
      if (const auto found = files_.find(number); found != files_.end()) {
        take_in(found);
      } else {
        pass_over(number);
      }
    }
    miss_files(durable_to);
    leave_room();
    // Of segments that are still here; the others were told at earlier starts.
    std::erase_if(known_lost_, [&](const EventRange& range) { return !ledger_.holds(range.first); });
    ledger_.count_lost(known_lost_);
    ledger_.count_lost(new_lost_);
    return {};
  }

  // After read(): makes the files ready to be written.
  base::Result<Opened> finish() {
    if (auto cut = cut_tail(); !cut) return base::fail(std::move(cut.error()));
    // Written anew at each start: without what deleted segments held, and with what was found lost just now.
    auto journal = Journal::create(journal_path(folder_), ledger_.journal_content(position_));
    if (!journal) return base::fail(std::move(journal.error()));
    ledger_.count_kept_aside(kept_aside_);
    return Opened{.position = position_, .journal = std::move(*journal), .kept_aside = kept_aside_};
  }

 private:
  base::Status list() {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_, error)) {
      const std::string name = entry.path().filename().string();
      if (name.ends_with(kDamagedEnding)) {
        ++kept_aside_;
        see_number(number_in(name.substr(0, name.find('.'))));
      }
      if (!name.ends_with(kSegmentEnding)) continue;
      const auto number = number_in(name.substr(0, name.size() - kSegmentEnding.size()));
      if (!number) continue;
      see_number(number);
      if (auto scanned = scan(*number, entry.path().string()); !scanned) return scanned;
    }
    if (error) return base::fail(disk_error("'s folder cannot be read", folder_, error.value()));
    return {};
  }

  // A file that the disk does not give now is left alone until the next start: the others are served.
  base::Status scan(std::uint32_t number, const std::string& path) {
    numbers_.insert(number);
    auto file = DiskFile::open(path);
    auto scan = file ? scan_segment(*file) : base::Result<Scan>(base::fail(std::move(file.error())));
    if (scan) {
      files_.emplace(number, Found{.path = path, .scan = std::move(*scan)});
      return {};
    }
    if (scan.error().kind == base::ErrorKind::conflict) return base::fail(std::move(scan.error()));
    unreadable_.emplace(number, std::move(scan.error()));
    return {};
  }

  void see_number(std::optional<std::uint32_t> number) {
    if (number) position_.next_number = std::max(position_.next_number, *number + 1);
  }

  base::Status read_journal() {
    auto damaged = Journal::read(journal_path(folder_),
                                 {.settled = [this](EventRange range) { settled_.push_back(range); },
                                  .lost = [this](EventRange range) { known_lost_.push_back(range); },
                                  .position = [this](Position position) { see(position); },
                                  .segment = [this](SegmentBegin begin) { begun_[begin.number] = begin.first; }});
    if (!damaged) return base::fail(std::move(damaged.error()));
    if (*damaged > 0) {
      log::warn("The backlog's journal has damaged records: events that they settled come again")
          .add("target", target_)
          .add("records", *damaged);
    }
    known_lost_ = merged(std::move(known_lost_));
    settled_.insert(settled_.end(), known_lost_.begin(), known_lost_.end());
    settled_ = merged(std::move(settled_));
    return {};
  }

  // In order, without overlaps.
  static std::vector<EventRange> merged(std::vector<EventRange> ranges) {
    std::ranges::sort(ranges, {}, &EventRange::first);
    std::vector<EventRange> out;
    for (const EventRange& range : ranges) {
      if (!out.empty() && range.first <= out.back().first + out.back().count) {
        out.back().count = std::max(out.back().count, range.first + range.count - out.back().first);
      } else {
        out.push_back(range);
      }
    }
    return out;
  }

  void see(Position position) {
    position_.next_event = std::max(position_.next_event, position.next_event);
    position_.next_number = std::max(position_.next_number, position.next_number);
  }

  // The first event of the segments behind this one: what stands there is not this one's.
  [[nodiscard]] std::int64_t limit_behind(std::uint32_t number) const {
    for (auto next = numbers_.upper_bound(number); next != numbers_.end(); ++next) {
      if (const auto first = first_of(*next)) return *first;
    }
    return kNoLimit;
  }

  [[nodiscard]] bool is_last(std::uint32_t number) const { return number == *numbers_.rbegin(); }

  // Nothing where it is not known.
  [[nodiscard]] std::optional<std::int64_t> first_of(std::uint32_t number) const {
    if (const auto found = files_.find(number); found != files_.end()) return first_of(found->second.scan);
    const auto begun = begun_.find(number);
    return begun == begun_.end() ? std::nullopt : std::optional(begun->second);
  }

  static std::optional<std::int64_t> first_of(const Scan& scan) {
    if (scan.header) return scan.header->first;
    if (!scan.blocks.empty()) return scan.blocks.front().header.first;
    return std::nullopt;
  }

  void take_in(Files::iterator found) {
    auto& [path, scan] = found->second;
    const std::int64_t limit = limit_behind(found->first);
    std::erase_if(scan.blocks, [&](const BlockPlace& place) { return place.header.first >= limit; });
    if (is_last(found->first)) drop_torn(found->second);
    auto first = first_of(scan);
    if (const auto begun = begun_.find(found->first); !scan.header && begun != begun_.end()) first = begun->second;
    if (!first) first = position_.next_event;
    auto segment = std::make_unique<Segment>(found->first, path, *first);
    segment->damaged = scan.damaged;
    Tally tally;
    for (const BlockPlace& place : scan.blocks) {
      segment->damaged = segment->damaged || place.cut_short();
      const std::int64_t from = segment->end();
      note_lost(*segment, from, segment->append(place, tally));
    }
    lose_tail(*segment);
    segment->bytes = scan.file_bytes;
    segment->sealed = true;
    settle_known(*segment, tally);
    position_.next_event = std::max(position_.next_event, segment->end());
    reached_ = segment->end();
    segment->drop_places();
    ledger_.add(std::move(segment), tally);
  }

  // What the file cannot tell the journal does: which events stand in it, and which of them are settled.
  void pass_over(std::uint32_t number) {
    Unreadable segment{.number = number, .first = first_of(number).value_or(reached_), .end = 0, .settled = {}};
    const auto next_begun = begun_.upper_bound(number);
    std::int64_t end = limit_behind(number);
    if (end == kNoLimit) end = position_.next_event;
    if (next_begun != begun_.end()) end = std::min(end, next_begun->second);
    segment.end = std::max(segment.first, end_before(end, segment.first));
    position_.next_event = std::max(position_.next_event, segment.end);
    reached_ = segment.end;
    for (const EventRange& range : settled_) {
      if (const EventRange part = cut(range, segment.first, segment.end); part.count > 0)
        segment.settled.push_back(part);
    }
    tell_unreadable(number, segment.owed());
    ledger_.add_unreadable(std::move(segment));
  }

  void tell_unreadable(std::uint32_t number, std::uint64_t events) {
    base::Error& error = unreadable_.at(number);
    error.hint =
        "Mend what keeps the file from opening (its owner and mode, the disk), then restart; do not delete it: its "
        "events stand nowhere else";
    log::error("A segment of the backlog cannot be opened: its events stay owed until a start that can")
        .add("target", target_)
        .add("file", segment_path(folder_, number))
        .add("events", events)
        .add(error);
  }

  // The part of it between `first` and `end`; count 0 or less where there is none.
  static EventRange cut(const EventRange& range, std::int64_t first, std::int64_t end) {
    const std::int64_t begin = std::max(range.first, first);
    return {begin, std::min(range.first + range.count, end) - begin};
  }

  // Of a write that never ended, so nobody was told that it is durable. After a loss of power its head may stand there
  // without what follows.
  void drop_torn(Found& found) {
    auto& blocks = found.scan.blocks;
    auto file = DiskFile::open(found.path);
    while (file && !blocks.empty() && blocks.back().header.first >= position_.next_event) {
      const BlockPlace& place = blocks.back();
      auto bytes = file->read(place.at + kBlockHeaderBytes, place.header.index_bytes + place.header.body_bytes);
      if (!bytes) return;
      const std::string_view all = *bytes;
      const std::size_t index_bytes = std::min<std::size_t>(all.size(), place.header.index_bytes);
      const bool whole = !place.cut_short() &&
                         !decode_block(place.header, all.substr(0, index_bytes), all.substr(index_bytes)).damaged;
      if (whole) return;
      found.scan.good_end = place.at;
      blocks.pop_back();
    }
  }

  // Known to have been durable, and not in the file any more: where the next number began, or the journal, tells.
  void lose_tail(Segment& segment) {
    const std::int64_t from = segment.end();
    const std::int64_t end = end_told(segment.number()).value_or(from);
    note_lost(segment, from, segment.lose_up_to(end_before(end, from)));
  }

  [[nodiscard]] std::optional<std::int64_t> end_told(std::uint32_t number) const {
    if (const auto next = first_of(number + 1)) return next;
    return is_last(number) ? std::optional(position_.next_event) : std::nullopt;
  }

  // Numbers that were left out between `from` and `next` were given to no event.
  static std::int64_t end_before(std::int64_t next, std::int64_t from) {
    return next - from < kSegmentNumbers ? next : from;
  }

  // The segment has marked the events as gone; those that were settled before are no loss.
  void note_lost(Segment& segment, std::int64_t from, std::uint64_t count) {
    const EventRange lost = not_settled(from, from + static_cast<std::int64_t>(count));
    if (lost.count == 0) return;
    segment.damaged = true;
    new_lost_.push_back(lost);
    tell_lost(segment.path(), static_cast<std::uint64_t>(lost.count));
  }

  // Segments that were begun and whose file is gone, unless all of it was settled.
  void miss_files(std::int64_t durable_to) {
    for (auto begun = begun_.begin(); begun != begun_.end(); ++begun) {
      if (files_.contains(begun->first) || unreadable_.contains(begun->first)) continue;
      const auto next = std::next(begun);
      const std::int64_t end = next == begun_.end() ? durable_to : next->second;
      const EventRange lost = not_settled(begun->second, end_before(end, begun->second));
      if (lost.count == 0) continue;
      new_lost_.push_back(lost);
      tell_lost(segment_path(folder_, begun->first), static_cast<std::uint64_t>(lost.count));
    }
  }

  // Where the newest file cannot be read, the journal's word on its end may be older than the file (its hints are not
  // synced). What is parked now goes on behind all that it can hold, and a number of a file is left out: under that one
  // the journal notes the end that is known.
  void leave_room() {
    if (numbers_.empty() || !unreadable_.contains(*numbers_.rbegin())) return;
    const std::uint32_t newest = *numbers_.rbegin();
    position_.next_event = std::max(position_.next_event, (std::int64_t{newest} + 1) * kSegmentNumbers);
    position_.next_number = std::max(position_.next_number, newest + 2);
  }

  // The range of those of first .. end - 1 that nothing has settled; count: how many they are.
  [[nodiscard]] EventRange not_settled(std::int64_t first, std::int64_t end) const {
    std::int64_t count = end - first;
    for (const EventRange& range : settled_) count -= std::max<std::int64_t>(0, cut(range, first, end).count);
    return {first, std::max<std::int64_t>(0, count)};
  }

  void tell_lost(const std::string& path, std::uint64_t count) const {
    log::error("Events of the backlog are lost: their blocks are no longer in the file")
        .add("target", target_)
        .add("file", path)
        .add("lost", count)
        .add("hint", "Look at the disk; compare both targets afterwards");
  }

  void settle_known(Segment& segment, Tally& tally) {
    for (const EventRange& range : settled_) {
      const EventRange part = cut(range, segment.first(), segment.end());
      for (std::int64_t event = part.first; event < part.first + part.count; ++event) segment.settle(event, tally);
    }
  }

  // What stands behind the last whole block of the newest file was being written when the process ended.
  base::Status cut_tail() {
    if (files_.empty() || !is_last(files_.rbegin()->first)) return {};
    const Found& last = files_.rbegin()->second;
    const bool keeps_short = !last.scan.blocks.empty() && last.scan.blocks.back().cut_short();
    if (keeps_short || last.scan.damaged || last.scan.good_end >= last.scan.file_bytes) return {};
    auto file = DiskFile::open(last.path);
    if (!file) return base::fail(std::move(file.error()));
    return file->truncate(last.scan.good_end);
  }

  const std::string& folder_;
  const std::string& target_;
  Ledger& ledger_;
  Files files_;
  std::map<std::uint32_t, base::Error> unreadable_;
  std::set<std::uint32_t> numbers_;              // of both
  std::map<std::uint32_t, std::int64_t> begun_;  // by segment: its first event
  Position position_;
  std::int64_t reached_ = 1;         // the end of the last segment that was looked at
  std::vector<EventRange> settled_;  // lost ones included
  std::vector<EventRange> known_lost_;
  std::vector<EventRange> new_lost_;
  std::uint64_t kept_aside_ = 0;
};

}  // namespace

base::Status read_folder(const std::string& folder, const std::string& target, Ledger& ledger) {
  std::error_code ignored;
  if (!fs::exists(folder, ignored)) return {};
  return Opening(folder, target, ledger).read();
}

base::Result<Opened> open_folder(const std::string& folder, const std::string& target, Ledger& ledger) {
  if (auto made = make_folder(folder); !made) return base::fail(std::move(made.error()));
  Opening opening(folder, target, ledger);
  if (auto read = opening.read(); !read) return base::fail(std::move(read.error()));
  auto opened = opening.finish();
  if (!opened) return opened;
  if (opened->kept_aside > 0) {
    log::warn("Damaged segments of the backlog are kept aside")
        .add("target", target)
        .add("folder", folder)
        .add("files", opened->kept_aside)
        .add("hint", "Delete the files named *.damaged, and no others, once you have looked at them");
  }
  return opened;
}

}  // namespace twinshift::backlog::segments
