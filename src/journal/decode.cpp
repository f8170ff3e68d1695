#include <algorithm>

#include "base/assert.hpp"
#include "journal/bytes.hpp"
#include "journal/format.hpp"
#include "journal/uuid_text.hpp"

namespace twinshift::journal {
namespace {

constexpr std::size_t kHeadChecksumAt = kHeadBytes - sizeof(std::uint32_t);
constexpr std::uint8_t kFromBacklog = 1;
constexpr std::uint8_t kByMarker = 2;

// Where the columns of a received block begin, in bytes a row.
constexpr std::size_t kMessageKeys = kIdBytes;
constexpr std::size_t kReceivedAt = 2 * kIdBytes;
constexpr std::size_t kEventAt = kReceivedAt + sizeof(std::int64_t);
constexpr std::size_t kInstallHashes = kEventAt + sizeof(std::int64_t);
constexpr std::size_t kReceivedRow = kInstallHashes + sizeof(std::uint64_t);

std::size_t columns_bytes(Kind kind, std::size_t rows) {
  switch (kind) {
    case Kind::received:
      return rows * kReceivedRow;
    case Kind::landed:
      return rows * kIdBytes + (rows + 7) / 8;
    case Kind::parked:
    case Kind::quarantined:
      return rows * kIdBytes;
  }
  return kBlockBytesMax;
}

bool is_kind(std::uint8_t number) {
  return number >= static_cast<std::uint8_t>(Kind::received) && number <= static_cast<std::uint8_t>(Kind::quarantined);
}

base::WallTime time_of(std::int64_t microseconds) {
  return base::WallTime(std::chrono::microseconds(microseconds));
}

}  // namespace

std::optional<Head> read_head(std::string_view bytes) {
  if (bytes.size() < kHeadBytes || bytes.substr(0, kMagic.size()) != kMagic) return std::nullopt;
  if (get<std::uint32_t>(bytes, kHeadChecksumAt) != checksum(bytes.substr(0, kHeadChecksumAt))) return std::nullopt;
  const auto kind = get<std::uint8_t>(bytes, 10);
  if (get<std::uint16_t>(bytes, 8) != kVersion || !is_kind(kind)) return std::nullopt;
  const auto flags = get<std::uint8_t>(bytes, 11);
  const Head head{.kind = static_cast<Kind>(kind),
                  .from_backlog = (flags & kFromBacklog) != 0,
                  .by_marker = (flags & kByMarker) != 0,
                  .rows = get<std::uint32_t>(bytes, 12),
                  .body_bytes = get<std::uint32_t>(bytes, 16),
                  .body_checksum = get<std::uint32_t>(bytes, 20),
                  .at = time_of(get<std::int64_t>(bytes, 24))};
  if (head.rows > kRowsMax || head.body_bytes > kBlockBytesMax || head.body_bytes % kAlign != 0) return std::nullopt;
  if (columns_bytes(head.kind, head.rows) > head.body_bytes) return std::nullopt;
  return head;
}

bool Block::is_sound() const {
  return checksum(body_) == head_.body_checksum;
}

std::string_view Block::column(std::size_t offset_of_row, std::size_t width) const {
  return body_.substr(head_.rows * offset_of_row, head_.rows * width);
}

std::string_view Block::message_keys() const {
  TWINSHIFT_ASSERT(head_.kind == Kind::received);
  return column(kMessageKeys, kIdBytes);
}

std::string_view Block::install_hashes() const {
  TWINSHIFT_ASSERT(head_.kind == Kind::received);
  return column(kInstallHashes, sizeof(std::uint64_t));
}

event::EventId Block::id(std::size_t row) const {
  TWINSHIFT_ASSERT(row < head_.rows);
  event::EventId id;
  std::memcpy(id.bytes.data(), body_.data() + row * kIdBytes, kIdBytes);
  return id;
}

std::optional<std::string_view> Block::message_text(std::size_t row) const {
  Cursor texts(body_.substr(columns_bytes(head_.kind, head_.rows)));
  const std::size_t count = std::min<std::size_t>(texts.number<std::uint32_t>(), head_.rows);
  for (std::size_t i = 0; i < count; ++i) {
    const auto of_row = texts.number<std::uint32_t>();
    const std::string_view text = texts.text();
    if (texts.failed()) break;
    if (of_row == row) return text;
  }
  return std::nullopt;
}

Block::Arrival Block::arrival(std::size_t row) const {
  TWINSHIFT_ASSERT(row < head_.rows && head_.kind == Kind::received);
  Arrival arrival;
  arrival.received_at = time_of(get<std::int64_t>(column(kReceivedAt, 8), row * 8));
  arrival.event_at = time_of(get<std::int64_t>(column(kEventAt, 8), row * 8));
  if (const auto text = message_text(row)) {
    arrival.message_id = *text;
  } else {
    event::EventId key;
    std::memcpy(key.bytes.data(), message_keys().data() + row * kIdBytes, kIdBytes);
    arrival.message_id = uuid_text(key);
  }
  return arrival;
}

Landed Block::landed() const {
  TWINSHIFT_ASSERT(head_.kind == Kind::landed);
  Cursor texts(body_.substr(columns_bytes(head_.kind, head_.rows)));
  Landed landed{.target = texts.text(), .from_backlog = head_.from_backlog, .by_marker = head_.by_marker};
  landed.batch_id = texts.text();
  landed.statement_id = texts.text();
  return landed;
}

bool Block::inserted(std::size_t row) const {
  TWINSHIFT_ASSERT(row < head_.rows && head_.kind == Kind::landed);
  const auto bits = get<std::uint8_t>(body_, head_.rows * kIdBytes + row / 8);
  return ((bits >> (row % 8)) & 1U) != 0;
}

std::string_view Block::target() const {
  TWINSHIFT_ASSERT(head_.kind == Kind::parked || head_.kind == Kind::quarantined);
  return Cursor(body_.substr(columns_bytes(head_.kind, head_.rows))).text();
}

}  // namespace twinshift::journal
