// The canonical encoding of an event: equal for two texts that say the same, different for any others. Its exact form
// is docs/formats/identity.md; a change is a new identity version. Any thread may call these functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "event/json_scan.hpp"

namespace twinshift::event {

// Stands before every canonical encoding, so that ids of different versions and kinds cannot meet.
inline constexpr std::string_view kCanonicalPrefix = "twinshift:1\n";
inline constexpr std::string_view kRawPrefix = "twinshift:1:raw\n";

// `n<sign><digits>e<exponent>;` of a JSON number: its exact value, never expanded, never a double. Writes at most
// number.size() + kNumberOverhead bytes at `out`; returns the end.
inline constexpr std::size_t kNumberOverhead = 26;
char* write_canonical_number(std::string_view number, char* out);

// Writes canonical encodings into memory that it keeps for the next one. One thread at a time.
class Canonicalizer {
 public:
  // Of the object on `tape`, which must be the scan of `json` and not too deep. With kCanonicalPrefix in front. The
  // view holds until the next call.
  std::string_view encode(std::string_view json, const Tape& tape);

  // Had some object of the last encoding the same key twice?
  bool duplicate_keys() const { return duplicate_keys_; }

  // Gives back memory beyond kKeptBytes, so that one huge event does not weigh for ever.
  void trim();
  static constexpr std::size_t kKeptBytes = std::size_t{256} * 1024;

 private:
  struct Member {
    std::uint64_t prefix;  // the key's first 8 bytes, so that most comparisons are one instruction
    std::string_view key;  // decoded
    std::uint32_t node;    // of the key
  };
  struct Frame {
    std::uint32_t first;  // objects: of its members; it gives their places back
    std::uint32_t at;     // an object's members, an array's nodes
    std::uint32_t end;
    bool object;
  };

  void reserve(std::size_t json_bytes, std::size_t nodes);
  void write_value(std::uint32_t index);
  void write_string(std::string_view text, bool escaped);
  void write_count(char tag, std::size_t count);
  void open_object(std::uint32_t index);
  std::string_view decoded(const TapeNode& node);
  std::string_view raw(const TapeNode& node) const { return json_.substr(node.begin, node.length); }

  std::string_view json_;
  const TapeNode* nodes_ = nullptr;
  char* out_ = nullptr;
  char* decode_to_ = nullptr;
  std::size_t depth_ = 0;
  bool duplicate_keys_ = false;

  std::unique_ptr<char[]> buffer_;
  std::size_t buffer_bytes_ = 0;
  std::unique_ptr<char[]> decoded_;
  std::size_t decoded_bytes_ = 0;
  std::vector<Member> members_;
  std::array<Frame, kNestingMax> frames_{};
};

// For people and tests: the canonical encoding as text, empty where the event is hashed as raw bytes.
std::string canonical_text(std::string_view json);

}  // namespace twinshift::event
