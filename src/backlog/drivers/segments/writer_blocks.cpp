// The writer's side that appends: events into blocks, blocks into segments, within the budget.
#include <algorithm>
#include <utility>

#include "backlog/drivers/segments/writer.hpp"
#include "base/failpoint.hpp"
#include "base/ids.hpp"

namespace twinshift::backlog::segments {
namespace {

using namespace std::chrono_literals;
using event::EventPtr;

// Blocks in one segment: their places are held in memory while it is read.
constexpr std::size_t kSegmentBlocksMax = 65'536;
// How often the file system is asked for its free space.
constexpr auto kAskFreeEvery = 200ms;

base::WallTime hour_of(base::WallTime time) {
  return std::chrono::floor<std::chrono::hours>(time);
}

bool same_block(const event::Event& one, const event::Event& other) {
  return hour_of(one.received_at) == hour_of(other.received_at) && one.id_version == other.id_version;
}

// By arrival hour and identity, the order of parking kept within them.
std::vector<EventPtr> in_block_order(const std::vector<ParkGroup>& parks) {
  std::vector<EventPtr> events;
  for (const ParkGroup& group : parks) events.insert(events.end(), group.events.begin(), group.events.end());
  std::ranges::stable_sort(
      events, {}, [](const EventPtr& event) { return std::pair(hour_of(event->received_at), event->id_version); });
  return events;
}

// How many of the first events make one block.
std::size_t block_size(std::span<const EventPtr> events) {
  std::size_t bytes = 0;
  std::size_t size = 0;
  while (size < events.size() && size < kBlockEventsMax && same_block(*events[0], *events[size])) {
    bytes += events[size]->json.size();
    if (bytes > kBlockRawBytesMax && size > 0) break;
    ++size;
  }
  return size;
}

}  // namespace

bool Writer::bodies_allowed(std::uint64_t more_bytes) {
  if (ledger_.bytes() + more_bytes > options_.bytes_max) return false;
  if (options_.disk_free_min == 0) return true;
  const auto now = std::chrono::steady_clock::now();
  if (now - free_asked_at_ >= kAskFreeEvery) {
    free_asked_at_ = now;
    free_bytes_ = free_bytes(options_.folder);
  }
  return free_bytes_ >= options_.disk_free_min + more_bytes;
}

base::Status Writer::write_parks(const std::vector<ParkGroup>& parks) {
  const std::vector<EventPtr> events = in_block_order(parks);
  std::span<const EventPtr> left = events;
  std::string buffer;
  std::vector<BlockPlace> places;
  if (!file_) {
    if (auto opened = open_segment(); !opened) return opened;
  }
  const bool may_keep_bodies = bodies_allowed(0);
  while (!left.empty()) {
    const std::size_t size = block_size(left);
    if (auto added = append_block(left.first(size), buffer, places, may_keep_bodies); !added) return added;
    left = left.subspan(size);
  }
  if (auto written = write_buffer(buffer, places); !written) {
    // What reached the file is cut off, or stands behind the next segment's first event and is passed over.
    (void)file_->truncate(file_end_);
    seal_segment();
    return written;
  }
  if (file_end_ >= options_.segment_bytes_max || file_blocks_ >= kSegmentBlocksMax) seal_segment();
  return {};
}

base::Status Writer::append_block(std::span<const EventPtr> events, std::string& buffer,
                                  std::vector<BlockPlace>& places, bool bodies) {
  const std::size_t begin = buffer.size();
  BlockHeader header{.nonce = nonce_,
                     .first = places.empty() ? position_.next_event : places.back().header.end(),
                     .kind = bodies ? BlockKind::bodies : BlockKind::ids_only,
                     .hour = hour_of(events.front()->received_at),
                     .id_version = static_cast<std::uint32_t>(events.front()->id_version)};
  encoder_.append(events, header, buffer);
  if (bodies && !bodies_allowed(buffer.size())) {
    buffer.resize(begin);
    return append_block(events, buffer, places, false);
  }
  ids_only_ = !bodies;
  if (!bodies && !options_.refill) {
    return base::fail(base::ErrorKind::full, "the backlog has used up its room", options_.folder,
                      "Bring the target back, or raise BACKLOG_BYTES_MAX where the disk has room");
  }
  const std::uint64_t at = file_end_ + begin;
  places.push_back({.header = header, .at = at, .end = at + header.total_bytes()});
  return {};
}

base::Status Writer::write_buffer(const std::string& buffer, const std::vector<BlockPlace>& places) {
  if (auto written = file_->write(file_end_, buffer); !written) return written;
  base::failpoint(base::Failpoint::backlog_segments_append_before_sync);
  if (auto synced = file_->sync(); !synced) return synced;
  base::failpoint(base::Failpoint::backlog_segments_append_after_sync);
  file_end_ += buffer.size();
  file_blocks_ += places.size();
  position_.next_event = places.back().header.end();
  ledger_.append(places);
  if (journal_ && journal_->full()) (void)renew_journal();
  if (journal_) journal_->note_position(position_);
  return {};
}

base::Status Writer::open_segment() {
  const std::uint32_t number = position_.next_number++;
  std::string path = segment_path(options_.folder, number);
  auto file = DiskFile::create(path);
  if (!file) return base::fail(std::move(file.error()));
  nonce_ = base::random_seed();
  const std::string header = encode(FileHeader{.number = number, .nonce = nonce_, .first = position_.next_event});
  if (auto written = file->write(0, header); !written) {
    (void)remove_file(path);
    return written;
  }
  base::failpoint(base::Failpoint::backlog_segments_opened);
  file_ = std::move(*file);
  file_number_ = number;
  file_end_ = header.size();
  file_blocks_ = 0;
  ledger_.begin(number, std::move(path), position_.next_event);
  if (journal_) journal_->note_segment({.number = number, .first = position_.next_event});
  return {};
}

void Writer::seal_segment() {
  file_.reset();
  ledger_.seal();
}

}  // namespace twinshift::backlog::segments
