#include "event/canonical.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

#include "base/assert.hpp"
#include "event/json_string.hpp"

namespace twinshift::event {
namespace {

// Room for a node besides its own text: tag, length or count, colon; a number's exponent.
constexpr std::size_t kNodeOverheadMax = 32;
static_assert(kNodeOverheadMax >= kNumberOverhead);
// Short texts are copied as one block of this size; buffers have as much room behind their end.
constexpr std::size_t kCopyBlock = 16;
constexpr std::size_t kDecimalMax = 20;

std::uint64_t key_prefix(std::string_view key) {
  std::uint64_t prefix = 0;
  if (key.size() >= sizeof prefix) {
    std::memcpy(&prefix, key.data(), sizeof prefix);
  } else {
    std::memcpy(&prefix, key.data(), key.size());
  }
  if constexpr (std::endian::native == std::endian::little) prefix = __builtin_bswap64(prefix);
  return prefix;
}

void grow(std::unique_ptr<char[]>& buffer, std::size_t& size, std::size_t wanted) {
  if (wanted <= size) return;
  buffer = std::make_unique_for_overwrite<char[]>(wanted);
  size = wanted;
}

}  // namespace

void Canonicalizer::reserve(std::size_t json_bytes, std::size_t nodes) {
  grow(buffer_, buffer_bytes_, kCanonicalPrefix.size() + json_bytes + nodes * kNodeOverheadMax + kCopyBlock);
  // Each escaped key is decoded once and stays until its object is written; a text only while it is copied.
  grow(decoded_, decoded_bytes_, 2 * json_bytes + kCopyBlock);
  decode_to_ = decoded_.get();
}

void Canonicalizer::trim() {
  if (buffer_bytes_ > kKeptBytes) {
    buffer_.reset();
    buffer_bytes_ = 0;
  }
  if (decoded_bytes_ > kKeptBytes) {
    decoded_.reset();
    decoded_bytes_ = 0;
  }
  if (members_.capacity() * sizeof(Member) > kKeptBytes) std::vector<Member>().swap(members_);
}

std::string_view Canonicalizer::decoded(const TapeNode& node) {
  if (!node.escaped) return raw(node);
  return {decode_to_, decode_json_string(raw(node), decode_to_)};
}

void Canonicalizer::write_string(std::string_view text, bool escaped) {
  *out_++ = 's';
  out_ = std::to_chars(out_, out_ + kDecimalMax, text.size()).ptr;
  *out_++ = ':';
  const char* const readable_end = escaped ? decoded_.get() + decoded_bytes_ : json_.data() + json_.size();
  const bool block = text.size() <= kCopyBlock && static_cast<std::size_t>(readable_end - text.data()) >= kCopyBlock;
  if (block) {
    std::memcpy(out_, text.data(), kCopyBlock);
  } else {
    std::memcpy(out_, text.data(), text.size());
  }
  out_ += text.size();
}

void Canonicalizer::write_count(char tag, std::size_t count) {
  *out_++ = tag;
  out_ = std::to_chars(out_, out_ + kDecimalMax, count).ptr;
  *out_++ = ':';
}

// Sorts the object's members by key; equal keys keep their order.
void Canonicalizer::open_object(std::uint32_t index) {
  const TapeNode& object = nodes_[index];
  const auto first = static_cast<std::uint32_t>(members_.size());
  for (std::uint32_t at = index + 1; at != object.next; at = nodes_[at + 1].next) {
    const std::string_view key = decoded(nodes_[at]);
    if (nodes_[at].escaped) decode_to_ += key.size();
    members_.push_back({key_prefix(key), key, at});
  }
  std::sort(members_.begin() + first, members_.end(), [](const Member& a, const Member& b) {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    const int order = a.key.compare(b.key);
    return order != 0 ? order < 0 : a.node < b.node;
  });
  const auto equal = [](const Member& a, const Member& b) { return a.prefix == b.prefix && a.key == b.key; };
  duplicate_keys_ =
      duplicate_keys_ || std::adjacent_find(members_.begin() + first, members_.end(), equal) != members_.end();
  frames_[depth_++] = {first, first, static_cast<std::uint32_t>(members_.size()), true};
}

void Canonicalizer::write_value(std::uint32_t index) {
  const TapeNode& node = nodes_[index];
  switch (node.kind) {
    case ValueKind::null:
      *out_++ = 'z';
      return;
    case ValueKind::boolean:
      *out_++ = json_[node.begin];
      return;
    case ValueKind::number:
      out_ = write_canonical_number(raw(node), out_);
      return;
    case ValueKind::text:
      write_string(decoded(node), node.escaped);
      return;
    case ValueKind::object:
      write_count('o', node.count);
      open_object(index);
      return;
    case ValueKind::array:
      write_count('a', node.count);
      frames_[depth_++] = {0, index + 1, node.next, false};
      return;
  }
}

std::string_view Canonicalizer::encode(std::string_view json, const Tape& tape) {
  TWINSHIFT_ASSERT(!tape.too_deep && !tape.nodes.empty());
  json_ = json;
  nodes_ = tape.nodes.data();
  reserve(json.size(), tape.nodes.size());
  members_.clear();
  duplicate_keys_ = false;
  depth_ = 0;
  std::memcpy(buffer_.get(), kCanonicalPrefix.data(), kCanonicalPrefix.size());
  out_ = buffer_.get() + kCanonicalPrefix.size();
  write_value(0);
  while (depth_ > 0) {
    Frame& frame = frames_[depth_ - 1];
    if (frame.at == frame.end) {
      if (frame.object) members_.erase(members_.begin() + frame.first, members_.end());
      --depth_;
    } else if (frame.object) {
      const Member& member = members_[frame.at++];
      write_string(member.key, nodes_[member.node].escaped);
      write_value(member.node + 1);
    } else {
      const std::uint32_t value = frame.at;
      frame.at = nodes_[value].next;
      write_value(value);
    }
  }
  return {buffer_.get(), static_cast<std::size_t>(out_ - buffer_.get())};
}

std::string canonical_text(std::string_view json) {
  Tape tape;
  if (scan_object(json, tape) || tape.too_deep) return {};
  Canonicalizer canonicalizer;
  return std::string(canonicalizer.encode(json, tape));
}

}  // namespace twinshift::event
