#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "event/canonical.hpp"
#include "event/event.hpp"
#include "event/event_time.hpp"
#include "event/identity.hpp"
#include "event/json_scan.hpp"
#include "event/json_string.hpp"

namespace twinshift::event {
namespace {

// Each thread's working memory; what one huge event leaves behind is given back.
struct Scratch {
  Tape tape;
  Canonicalizer canonicalizer;

  void trim() {
    if (tape.nodes.capacity() * sizeof(TapeNode) > Canonicalizer::kKeptBytes) std::vector<TapeNode>().swap(tape.nodes);
    canonicalizer.trim();
  }
};

std::unexpected<base::Error> not_an_object(const ScanError& error) {
  return base::fail(base::ErrorKind::invalid, fmt::format("{} at byte {}", error.what, error.at), "event text",
                    "An event is one JSON object (RFC 8259) in UTF-8");
}

// Decoded strings that differ from their text, all in one piece of memory.
class Arena {
 public:
  Arena(std::string_view json, const Tape& tape) : json_(json) {
    const auto& nodes = tape.nodes;
    for (std::uint32_t at = 1; at < nodes.size(); at = nodes[at + 1].next) {
      if (nodes[at].escaped) bytes_ += nodes[at].length;
      if (nodes[at + 1].escaped) bytes_ += nodes[at + 1].length;
    }
    if (bytes_ == 0) return;
    memory_ = std::make_unique_for_overwrite<char[]>(bytes_);
    to_ = memory_.get();
  }

  std::string_view text(const TapeNode& node) {
    const std::string_view raw = json_.substr(node.begin, node.length);
    if (!node.escaped) return raw;
    const std::string_view decoded(to_, decode_json_string(raw, to_));
    to_ += decoded.size();
    return decoded;
  }

  void give_to(Event& event) {
    if (memory_) event.arena.push_back(std::move(memory_));
  }

 private:
  std::string_view json_;
  std::size_t bytes_ = 0;
  std::unique_ptr<char[]> memory_;
  char* to_ = nullptr;
};

void fill_fields(Event& event, const Tape& tape) {
  const std::string_view json = event.json;
  const auto& nodes = tape.nodes;
  Arena arena(json, tape);
  event.fields.reserve(nodes.front().count);
  for (std::uint32_t at = 1; at < nodes.size(); at = nodes[at + 1].next) {
    const TapeNode& value = nodes[at + 1];
    const std::string_view key = arena.text(nodes[at]);
    const bool is_text = value.kind == ValueKind::text;
    // The raw text of a string has its quotes, which the tape leaves out.
    const std::string_view raw =
        is_text ? json.substr(value.begin - 1, value.length + 2) : json.substr(value.begin, value.length);
    event.fields.push_back({key, raw, is_text ? arena.text(value) : raw, value.kind});
  }
  arena.give_to(event);
}

void identify(Event& event, Scratch& scratch, IdentityMode mode) {
  const Tape& tape = scratch.tape;
  event.plain = !tape.too_deep && !tape.nul && !tape.lone_surrogate;
  std::string_view canonical;
  if (!tape.too_deep) {
    canonical = scratch.canonicalizer.encode(event.json, tape);
    if (scratch.canonicalizer.duplicate_keys()) event.plain = false;
  }
  if (mode == IdentityMode::message) {
    event.id = minted_id(event.message_id);
    event.id_version = kIdentityMinted;
  } else {
    event.id = tape.too_deep ? hash_id(kRawPrefix, event.json) : hash_id(canonical);
    event.id_version = kIdentityVersion;
  }
  event.key = key_of(event.id);
}

}  // namespace

base::Result<EventPtr> decode_event(std::string json, std::string message_id, base::WallTime received_at,
                                    IdentityMode mode) {
  thread_local Scratch scratch;
  if (const auto error = scan_object(json, scratch.tape)) {
    scratch.trim();
    return not_an_object(*error);
  }
  const auto event = std::make_shared<Event>();
  event->json = std::move(json);
  event->message_id = std::move(message_id);
  event->received_at = received_at;
  fill_fields(*event, scratch.tape);
  identify(*event, scratch, mode);
  event->event_at = event_time_of(event->fields);
  scratch.trim();
  return EventPtr(event);
}

base::Status check_object(std::string_view json) {
  if (const auto error = scan_object(json)) return not_an_object(*error);
  return {};
}

}  // namespace twinshift::event
