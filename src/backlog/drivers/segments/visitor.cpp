#include "backlog/drivers/segments/visitor.hpp"

#include <algorithm>
#include <utility>

#include "backlog/drivers/segments/disk_file.hpp"
#include "backlog/drivers/segments/scan.hpp"

namespace twinshift::backlog::segments {
namespace {

constexpr event::EventId kNoId{};

enum class Told : std::uint8_t { all, some, enough };

// The index alone, as a rule; where it is damaged the bodies tell some of the ids.
base::Result<DecodedBlock> read_block(const DiskFile& file, const BlockPlace& place) {
  auto index = file.read(place.at + kBlockHeaderBytes, place.header.index_bytes);
  if (!index) return base::fail(std::move(index.error()));
  BlockHeader header = place.header;
  header.kind = BlockKind::ids_only;
  DecodedBlock block = decode_block(header, *index, {});
  if (!block.damaged) return block;
  auto body = file.read(place.at + kBlockHeaderBytes + place.header.index_bytes, place.header.body_bytes);
  if (!body) return base::fail(std::move(body.error()));
  return decode_block(place.header, *index, *body);
}

base::Result<Told> show_block(const Ledger& ledger, const DecodedBlock& block, const ShowOwed& show) {
  std::vector<OwedEvent> owed;
  Told told = Told::all;
  for (const std::int64_t event : ledger.owed_among(block.header.first, block.header.end())) {
    const Slot& slot = block.slots[static_cast<std::size_t>(event - block.header.first)];
    if (slot.id == kNoId) {
      told = Told::some;
      continue;
    }
    owed.push_back({slot.id, slot.event_at, slot.received_at});
  }
  if (!owed.empty() && !show(owed)) return Told::enough;
  return told;
}

base::Result<Told> show_segment(const Ledger& ledger, const std::string& path, const ShowOwed& show) {
  auto file = DiskFile::open(path);
  // All of it was settled meanwhile.
  if (!file && file.error().kind == base::ErrorKind::not_found) return Told::all;
  if (!file) return base::fail(std::move(file.error()));
  auto scan = scan_segment(*file);
  if (!scan) return base::fail(std::move(scan.error()));
  Told told = scan->damaged ? Told::some : Told::all;
  for (const BlockPlace& place : scan->blocks) {
    if (ledger.owed_among(place.header.first, place.header.end()).empty()) continue;
    auto block = read_block(*file, place);
    if (!block) return base::fail(std::move(block.error()));
    auto shown = show_block(ledger, *block, show);
    if (!shown || *shown == Told::enough) return shown;
    if (*shown == Told::some) told = Told::some;
  }
  return told;
}

}  // namespace

base::Result<bool> visit_owed(const Ledger& ledger, const ShowOwed& show) {
  bool all = ledger.snapshot().unreadable_events == 0;
  for (const std::string& path : ledger.paths()) {
    auto told = show_segment(ledger, path, show);
    if (!told) return base::fail(std::move(told.error()));
    if (*told == Told::enough) return false;
    if (*told == Told::some) all = false;
  }
  return all;
}

}  // namespace twinshift::backlog::segments
