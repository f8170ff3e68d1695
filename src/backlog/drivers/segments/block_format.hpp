// The bytes of a segment (docs/formats/backlog.md): its header, then blocks, each
//
//   header (80)  index: 60 bytes an event and the texts behind them   body: one zstd frame   footer (80)
//
// The footer repeats the header, so that one damaged of the two costs nothing. Index, body and each entry of the index
// have a checksum of their own: what is sound in a damaged block is still told. No I/O; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "event/event.hpp"

namespace twinshift::backlog::segments {

inline constexpr std::uint32_t kFormatVersion = 1;
inline constexpr std::size_t kFileHeaderBytes = 40;
inline constexpr std::size_t kBlockHeaderBytes = 80;
inline constexpr std::size_t kEntryBytes = 60;

// Bounds of one block; a single event may be larger and then stands alone.
inline constexpr std::size_t kBlockEventsMax = 512;
inline constexpr std::size_t kBlockRawBytesMax = 2'000'000;

struct FileHeader {
  std::uint32_t version = kFormatVersion;
  std::uint32_t number = 0;
  std::uint64_t nonce = 0;  // also in each block's header: no event's bytes can pose as a block
  std::int64_t first = 0;   // number of its first event
};
std::string encode(const FileHeader& header);
// None where the bytes are damaged or not ours.
std::optional<FileHeader> decode_file_header(std::string_view bytes);

enum class BlockKind : std::uint32_t {
  bodies = 1,
  ids_only = 2,  // no bodies were kept
};

struct BlockHeader {
  std::uint64_t nonce = 0;
  std::int64_t first = 0;  // number of its first event; the others follow
  std::uint32_t count = 0;
  BlockKind kind = BlockKind::bodies;
  base::WallTime hour{};    // in which all its events arrived
  base::WallTime oldest{};  // arrival of the first that came
  std::uint32_t id_version = 0;
  std::uint32_t index_bytes = 0;
  std::uint32_t body_bytes = 0;
  std::uint32_t raw_bytes = 0;  // of the body once unpacked
  std::uint32_t index_checksum = 0;
  std::uint32_t body_checksum = 0;

  [[nodiscard]] std::uint64_t total_bytes() const {
    return 2 * kBlockHeaderBytes + std::uint64_t{index_bytes} + body_bytes;
  }
  [[nodiscard]] std::int64_t end() const { return first + count; }
};
// Neither head nor foot where the bytes are damaged or something else. `bytes`: at least kBlockHeaderBytes.
enum class HeaderPlace : std::uint8_t { head, foot };
std::optional<BlockHeader> decode_block_header(std::string_view bytes, HeaderPlace place);
// What both begin with; followed by what tells them apart.
inline constexpr char kBlockMagicFirst = '\xFF';

// The caller gives events of one arrival hour and one id_version, at most kBlockEventsMax. nonce, first, kind and hour
// of `header` are read, the rest is filled in. Appends to `out`; keeps its compressor for the next block. One thread at
// a time.
class BlockEncoder {
 public:
  BlockEncoder();
  ~BlockEncoder();
  BlockEncoder(const BlockEncoder&) = delete;
  BlockEncoder& operator=(const BlockEncoder&) = delete;

  void append(std::span<const event::EventPtr> events, BlockHeader& header, std::string& out);

 private:
  struct Compressor;
  Compressor* compressor_;
  std::string raw_;
};

// One event of a block that was read back.
struct Slot {
  enum class State : std::uint8_t {
    whole,
    ids_only,  // `json` is to be read from the primary
    lost,      // nothing of it is left but, where `id` is not zero, its id
  };
  State state = State::lost;
  event::EventId id;
  base::WallTime event_at{};
  base::WallTime received_at{};
  std::string message_id;
  std::string json;
  // Something of it was damaged, and made good for by the rest.
  bool mended = false;
};

struct DecodedBlock {
  BlockHeader header;
  std::vector<Slot> slots;
  bool damaged = false;
  [[nodiscard]] std::size_t bytes() const;
};

// `index` and `body` may be shorter than the header says (a file cut short). Never fails: what cannot be told is lost.
DecodedBlock decode_block(const BlockHeader& header, std::string_view index, std::string_view body);

}  // namespace twinshift::backlog::segments
