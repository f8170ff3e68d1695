// What a block of the journal is, byte by byte; docs/formats/trace.md shows the same. Encoding makes whole blocks,
// decoding trusts nothing: a file may be torn, damaged, foreign or hostile. No I/O; any thread.
//
// A block is a head of kHeadBytes and a body, both multiples of kAlign. Numbers are little endian.
//
//   head   0 magic  8 version u16  10 kind u8  11 flags u8  12 rows u32  16 body bytes u32  20 body's CRC-32
//          24 written at, microseconds since 1970, i64  32 zero, 12 bytes  44 CRC-32 of the 44 bytes before
//   body   the event ids, 16 bytes each, then by kind
//          received     message keys, 16 bytes each; received_at, event_at, install hash, 8 bytes each; then how
//                       many message ids are no UUIDs u32, and for each of these: row u32, length u16, text
//          landed       a bit a row, 1: inserted; then target, batch id, statement id: length u16, text
//          parked, quarantined   target: length u16, text
//          then zeros up to kAlign
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "event/event.hpp"

namespace twinshift::journal {

inline constexpr std::string_view kMagic = "TWTRACE\n";
inline constexpr std::uint16_t kVersion = 1;
inline constexpr std::size_t kAlign = 16;
inline constexpr std::size_t kHeadBytes = 48;
inline constexpr std::size_t kIdBytes = 16;
// With these a block stays below kBlockBytesMax whatever its texts.
inline constexpr std::size_t kRowsMax = 2'048;
inline constexpr std::size_t kTextBytesMax = 400;  // longer ones are cut
inline constexpr std::size_t kBlockBytesMax = std::size_t{1} << 20U;

enum class Kind : std::uint8_t {
  received = 1,
  landed = 2,
  parked = 3,       // into the target's backlog
  quarantined = 4,  // refused by the target for good
};

// An event as a message brought it.
struct Received {
  event::EventId event{};
  std::string_view message_id{};
  base::WallTime received_at{};
  base::WallTime event_at{};
  std::uint64_t install_hash = 0;  // install_hash_of(appsflyer_id); 0: it has none
};

// One batch at one target.
struct Landed {
  std::string_view target{};
  std::string_view batch_id{};
  std::string_view statement_id{};  // empty where the database has no name for it
  bool from_backlog = false;
  // Its answer was lost and its marker found: which rows were inserted is not known, and all bits are 0.
  bool by_marker = false;
};
struct LandedEvent {
  event::EventId event{};
  bool inserted = false;
};

// 64 bits by which an appsflyer_id is found again; never 0. Not a secret: who knows the id can tell its hash.
std::uint64_t install_hash_of(std::string_view appsflyer_id);
// By which a message id is found: a UUID's own 128 bits, or of any other text a hash.
event::EventId message_key_of(std::string_view message_id);

// One block each, of at most kRowsMax events.
std::string encode_received(base::WallTime at, std::span<const Received> rows);
std::string encode_landed(base::WallTime at, const Landed& batch, std::span<const LandedEvent> rows);
std::string encode_listed(Kind kind, base::WallTime at, std::string_view target, std::span<const event::EventId> rows);

struct Head {
  Kind kind = Kind::received;
  bool from_backlog = false;
  bool by_marker = false;
  std::size_t rows = 0;
  std::size_t body_bytes = 0;
  std::uint32_t body_checksum = 0;
  base::WallTime at{};
};
// Nothing where it is no head of ours, its checksum is wrong, or its rows have no room in its body. `bytes` holds
// kHeadBytes at least.
std::optional<Head> read_head(std::string_view bytes);

// A block whose head was read, over bytes that outlive it. Rows are below head().rows: anything else is our own
// mistake.
class Block {
 public:
  // `body` holds head.body_bytes.
  Block(const Head& head, std::string_view body) : head_(head), body_(body) {}

  [[nodiscard]] const Head& head() const { return head_; }
  // Asked only of a block in which something was found: this reads all of it.
  [[nodiscard]] bool is_sound() const;

  // Columns for a quick search, one element a row.
  [[nodiscard]] std::string_view ids() const { return body_.substr(0, head_.rows * kIdBytes); }
  [[nodiscard]] std::string_view message_keys() const;    // received only, as the next one
  [[nodiscard]] std::string_view install_hashes() const;  // 8 bytes each

  [[nodiscard]] event::EventId id(std::size_t row) const;
  // Of a sound block of the kind; views point into the body.
  struct Arrival {
    std::string message_id;
    base::WallTime received_at{};
    base::WallTime event_at{};
  };
  [[nodiscard]] Arrival arrival(std::size_t row) const;
  [[nodiscard]] Landed landed() const;
  [[nodiscard]] bool inserted(std::size_t row) const;
  [[nodiscard]] std::string_view target() const;  // of parked and quarantined

 private:
  [[nodiscard]] std::string_view column(std::size_t offset_of_row, std::size_t width) const;
  [[nodiscard]] std::optional<std::string_view> message_text(std::size_t row) const;

  Head head_;
  std::string_view body_;
};

}  // namespace twinshift::journal
