#include "backlog/drivers/segments/folder_snapshot.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <map>
#include <optional>
#include <sys/stat.h>
#include <system_error>
#include <utility>

#include "backlog/drivers/segments/disk_file.hpp"
#include "backlog/drivers/segments/journal.hpp"
#include "backlog/drivers/segments/writer.hpp"

namespace twinshift::backlog {
namespace {

namespace fs = std::filesystem;
using segments::disk_error;

// Segments come and go by the tens of megabytes; a try takes some milliseconds.
constexpr int kTriesMax = 200;
// More than what is added to the journal at once.
constexpr std::size_t kTailBytes = 65'536;
constexpr int kTailReadsMax = 10;

std::string segment_name(std::uint32_t number) {
  return fs::path(segments::segment_path({}, number)).filename().string();
}

base::Result<std::vector<std::string>> segment_names(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    std::string name = entry.path().filename().string();
    if (name.ends_with(segments::kSegmentEnding)) names.push_back(std::move(name));
  }
  if (error) return base::fail(disk_error("'s folder cannot be read", folder, error.value()));
  std::ranges::sort(names);
  return names;
}

base::Result<base::Descriptor> open_to_read(const std::string& path) {
  base::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (file.get() < 0) return base::fail(disk_error("cannot be opened", path, errno));
  return file;
}

// As much as the file holds of it.
base::Result<std::string> read_from(const base::Descriptor& file, std::size_t at, std::size_t size,
                                    const std::string& path) {
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::pread(file.get(), bytes.data() + done, size - done, static_cast<off_t>(at + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::fail(disk_error("cannot be read", path, errno));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

// Records are only ever added: what was read is the journal of a moment ago. The last ones are read until they stay the
// same, so that none of them is half a record.
base::Result<std::string> read_journal(const std::string& path) {
  const auto file = open_to_read(path);
  if (!file && file.error().kind == base::ErrorKind::not_found) return std::string();
  if (!file) return base::fail(file.error());
  struct stat found{};
  if (::fstat(file->get(), &found) != 0) return base::fail(disk_error("cannot be looked at", path, errno));
  auto journal = read_from(*file, 0, static_cast<std::size_t>(found.st_size), path);
  if (!journal) return journal;
  const std::size_t end = journal->find_last_not_of('\0') + 1;  // behind it: room taken beforehand
  const std::size_t tail = end - std::min(end, kTailBytes);
  for (int i = 0; i < kTailReadsMax; ++i) {
    const auto again = read_from(*file, tail, end - tail, path);
    if (!again) return again;
    if (journal->compare(tail, end - tail, *again) == 0) break;
    journal->replace(tail, end - tail, *again);
  }
  return journal;
}

// True: the file is still there.
base::Result<bool> measure(SegmentSnapshot& segment) {
  struct stat found{};
  if (::fstat(segment.file.get(), &found) != 0)
    return base::fail(disk_error("cannot be looked at", segment.name, errno));
  segment.bytes = static_cast<std::uint64_t>(found.st_size);
  return found.st_nlink > 0;
}

// What the journal tells of segments that were begun.
struct Told {
  std::map<std::uint32_t, std::int64_t> begun;  // by number: its first event
  std::vector<segments::EventRange> settled;
  std::int64_t next_event = 1;
};

Told told_by(const std::string& journal) {
  Told told;
  const auto settled = [&](segments::EventRange range) { told.settled.push_back(range); };
  segments::Journal::read_bytes(
      journal, {.settled = settled,
                .lost = settled,
                .position = [&](segments::Position at) { told.next_event = std::max(told.next_event, at.next_event); },
                .segment = [&](segments::SegmentBegin begin) { told.begun[begin.number] = begin.first; }});
  std::ranges::sort(told.settled, {}, &segments::EventRange::first);
  return told;
}

// Of first .. end - 1.
bool owes(const Told& told, std::int64_t first, std::int64_t end) {
  for (const segments::EventRange& range : told.settled) {
    if (range.first > first) break;
    first = std::max(first, range.first + range.count);
  }
  return first < end;
}

// A file that came after the first list and was gone before the second one is in neither: the journal tells of it. One
// that a disk has lost is told the same way, and is as lost in the copy: so this is asked of the last tries no more.
bool knows_others(const std::string& journal, const std::vector<std::string>& names) {
  const Told told = told_by(journal);
  for (auto begun = told.begun.begin(); begun != told.begun.end(); ++begun) {
    if (std::ranges::binary_search(names, segment_name(begun->first))) continue;
    const auto next = std::next(begun);
    if (owes(told, begun->second, next == told.begun.end() ? told.next_event : next->second)) return true;
  }
  return false;
}

// Nothing where something came or went meanwhile. The journal is read after the files were opened, and they are
// measured after that: so it knows of no byte that is not in one.
base::Result<std::optional<FolderSnapshot>> try_once(const std::string& folder, bool last_tries) {
  FolderSnapshot snapshot;
  const auto names = segment_names(folder);
  if (!names) return base::fail(names.error());
  for (const std::string& name : *names) {
    auto file = open_to_read((fs::path(folder) / name).string());
    if (!file && file.error().kind == base::ErrorKind::not_found) return std::nullopt;
    if (!file) return base::fail(std::move(file.error()));
    snapshot.segments.push_back({name, std::move(*file), 0});
  }
  auto journal = read_journal(segments::journal_path(folder));
  if (!journal) return base::fail(std::move(journal.error()));
  snapshot.journal = std::move(*journal);
  for (SegmentSnapshot& segment : snapshot.segments) {
    const auto there = measure(segment);
    if (!there) return base::fail(there.error());
    if (!*there) return std::nullopt;
  }
  const auto after = segment_names(folder);
  if (!after) return base::fail(after.error());
  if (*after != *names || (!last_tries && knows_others(snapshot.journal, *names))) return std::nullopt;
  return snapshot;
}

}  // namespace

base::Result<FolderSnapshot> snapshot_of(const std::string& folder) {
  if (segments::is_missing(folder)) return FolderSnapshot{};
  for (int i = 0; i < kTriesMax; ++i) {
    auto snapshot = try_once(folder, i >= kTriesMax / 2);
    if (!snapshot) return base::fail(std::move(snapshot.error()));
    if (*snapshot) return std::move(**snapshot);
  }
  return base::fail(base::ErrorKind::conflict, "the backlog's files change too fast to be copied together", folder,
                    "Try again when less is parked");
}

}  // namespace twinshift::backlog
