#include <algorithm>

#include "base/assert.hpp"
#include "base/fnv1a.hpp"
#include "event/identity.hpp"
#include "journal/bytes.hpp"
#include "journal/format.hpp"
#include "journal/uuid_text.hpp"

namespace twinshift::journal {
namespace {

constexpr std::uint8_t kFromBacklog = 1;
constexpr std::uint8_t kByMarker = 2;
constexpr std::size_t kHeadChecksumAt = kHeadBytes - sizeof(std::uint32_t);
constexpr std::size_t kBodyBytesAt = 16;

// A block that grows: its head's sizes and checksums come last.
class Builder {
 public:
  Builder(Kind kind, base::WallTime at, std::size_t rows, std::uint8_t flags) {
    TWINSHIFT_ASSERT(rows <= kRowsMax);
    bytes_.reserve(kHeadBytes + rows * kRowBytesGuess + kTextsGuess);
    bytes_ += kMagic;
    put(bytes_, kVersion);
    put(bytes_, static_cast<std::uint8_t>(kind));
    put(bytes_, flags);
    put(bytes_, static_cast<std::uint32_t>(rows));
    put(bytes_, std::uint64_t{0});  // body bytes and checksum
    put(bytes_, static_cast<std::int64_t>(at.time_since_epoch().count()));
    bytes_.resize(kHeadBytes, '\0');
  }

  void id(const event::EventId& id) { bytes_.append(reinterpret_cast<const char*>(id.bytes.data()), kIdBytes); }
  void time(base::WallTime time) { put(bytes_, static_cast<std::int64_t>(time.time_since_epoch().count())); }
  template <class T>
  void number(T value) {
    put(bytes_, value);
  }
  void text(std::string_view text) {
    const std::string_view kept = text.substr(0, kTextBytesMax);
    put(bytes_, static_cast<std::uint16_t>(kept.size()));
    bytes_ += kept;
  }

  std::string finish() {
    bytes_.resize((bytes_.size() + kAlign - 1) / kAlign * kAlign, '\0');
    TWINSHIFT_ASSERT(bytes_.size() <= kBlockBytesMax);
    const std::string_view body = std::string_view(bytes_).substr(kHeadBytes);
    std::string sizes;
    put(sizes, static_cast<std::uint32_t>(body.size()));
    put(sizes, checksum(body));
    bytes_.replace(kBodyBytesAt, sizes.size(), sizes);
    std::string sum;
    put(sum, checksum(std::string_view(bytes_).substr(0, kHeadChecksumAt)));
    bytes_.replace(kHeadChecksumAt, sum.size(), sum);
    return std::move(bytes_);
  }

 private:
  static constexpr std::size_t kRowBytesGuess = 56;
  static constexpr std::size_t kTextsGuess = 256;
  std::string bytes_;
};

}  // namespace

std::uint64_t install_hash_of(std::string_view appsflyer_id) {
  // FNV-1a, then its bits mixed: quick, and 64 bits of it are enough for some millions of ids.
  std::uint64_t hash = base::fnv1a(appsflyer_id);
  hash = (hash ^ (hash >> 33U)) * 0xff51afd7ed558ccdU;
  return std::max<std::uint64_t>(hash ^ (hash >> 33U), 1);
}

event::EventId message_key_of(std::string_view message_id) {
  return event::minted_id(message_id);
}

std::string encode_received(base::WallTime at, std::span<const Received> rows) {
  Builder block(Kind::received, at, rows.size(), 0);
  for (const Received& row : rows) block.id(row.event);
  for (const Received& row : rows) block.id(message_key_of(row.message_id));
  for (const Received& row : rows) block.time(row.received_at);
  for (const Received& row : rows) block.time(row.event_at);
  for (const Received& row : rows) block.number(row.install_hash);
  std::vector<std::uint32_t> with_text;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!is_uuid_text(rows[i].message_id)) with_text.push_back(static_cast<std::uint32_t>(i));
  }
  block.number(static_cast<std::uint32_t>(with_text.size()));
  for (const std::uint32_t i : with_text) {
    block.number(i);
    block.text(rows[i].message_id);
  }
  return block.finish();
}

std::string encode_landed(base::WallTime at, const Landed& batch, std::span<const LandedEvent> rows) {
  const auto flags =
      static_cast<std::uint8_t>((batch.from_backlog ? kFromBacklog : 0) | (batch.by_marker ? kByMarker : 0));
  Builder block(Kind::landed, at, rows.size(), flags);
  for (const LandedEvent& row : rows) block.id(row.event);
  for (std::size_t i = 0; i < rows.size(); i += 8) {
    std::uint8_t bits = 0;
    for (std::size_t j = i; j < std::min(rows.size(), i + 8); ++j) {
      if (rows[j].inserted) bits = static_cast<std::uint8_t>(bits | (1U << (j - i)));
    }
    block.number(bits);
  }
  block.text(batch.target);
  block.text(batch.batch_id);
  block.text(batch.statement_id);
  return block.finish();
}

std::string encode_listed(Kind kind, base::WallTime at, std::string_view target, std::span<const event::EventId> rows) {
  Builder block(kind, at, rows.size(), 0);
  for (const event::EventId& row : rows) block.id(row);
  block.text(target);
  return block.finish();
}

}  // namespace twinshift::journal
