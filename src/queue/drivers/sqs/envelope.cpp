#include "queue/drivers/sqs/envelope.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/json_text.hpp"
#include "base/time_text.hpp"
#include "event/json_scan.hpp"
#include "event/json_string.hpp"
#include "event/time_parse.hpp"
#include "queue/drivers/sqs/sqs_text.hpp"
#include "queue/drivers/sqs/squeeze.hpp"

namespace twinshift::queue::sqs {
namespace {

constexpr std::string_view kPackBegin = R"({"pack":1,"events":[)";
constexpr std::string_view kPackEnd = "]}";
static_assert(kPackBegin.size() + kPackEnd.size() == kPackBytes);
constexpr std::string_view kEncoding = "gzip+base64";
// An envelope and what surrounds the data in it, roughly.
constexpr std::size_t kFrameBytes = 128;
constexpr std::size_t kScratchBytesKept = 1'000'000;

// One member of an object as it stands in the text.
struct Member {
  std::string_view key;
  std::string_view raw;    // the value's own text; of an object with the white space around it
  std::string_view inner;  // of a string: between its quotes
  bool escaped = false;    // the string holds a backslash
  event::ValueKind kind = event::ValueKind::null;
};

// No envelope has more; an object with more is an event.
constexpr std::size_t kMembersMax = 8;
using Members = std::vector<Member>;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// `part` of `whole`, with the white space at both its ends.
std::string_view widen(std::string_view whole, std::string_view part) {
  const char* begin = part.data();
  const char* end = begin + part.size();
  while (begin > whole.data() && is_space(begin[-1])) --begin;
  while (end < whole.data() + whole.size() && is_space(*end)) ++end;
  return {begin, static_cast<std::size_t>(end - begin)};
}

// The members of the object at `index`; none where it has too many.
Members members_at(std::string_view text, const event::Tape& tape, std::size_t index) {
  const auto& nodes = tape.nodes;
  Members members;
  if (nodes[index].count > kMembersMax) return members;
  for (std::size_t at = index + 1; at < nodes[index].next; at = nodes[at + 1].next) {
    const event::TapeNode& value = nodes[at + 1];
    Member& member = members.emplace_back();
    member.key = text.substr(nodes[at].begin, nodes[at].length);
    member.raw = text.substr(value.begin, value.length);
    member.kind = value.kind;
    if (value.kind == event::ValueKind::object) member.raw = widen(text, member.raw);
    if (value.kind == event::ValueKind::text) member.inner = member.raw;
    member.escaped = value.escaped;
  }
  return members;
}

// The only member of that name.
const Member* find(const Members& members, std::string_view key) {
  const auto is_it = [&](const Member& member) { return member.key == key; };
  return std::ranges::count_if(members, is_it) == 1 ? &*std::ranges::find_if(members, is_it) : nullptr;
}

std::optional<std::string> text_of(const Members& members, std::string_view key) {
  const Member* const member = find(members, key);
  if (member == nullptr || member->kind != event::ValueKind::text) return std::nullopt;
  if (!member->escaped) return std::string(member->inner);
  std::string text(member->inner.size(), '\0');
  text.resize(event::decode_json_string(member->inner, text.data()));
  return text;
}

base::WallTime time_of(const Members& members, base::WallTime otherwise) {
  const auto text = text_of(members, "timestamp");
  const auto time = text ? event::parse_timestamp(*text) : std::nullopt;
  return time ? time->utc : otherwise;
}

// Shared by all events of a message.
struct Budget {
  std::size_t bytes_left = kUnfoldedBytesMax;
  bool exceeded = false;
};

std::optional<std::string> unfold(std::string_view encoded, Budget& budget) {
  auto body = unsqueeze(encoded, budget.bytes_left);
  if (body) {
    budget.bytes_left -= body->size();
    return std::move(*body);
  }
  if (body.error() == SqueezeFault::too_large) budget.exceeded = true;
  return std::nullopt;
}

std::optional<Message> read_encoded(const Members& members, const Surroundings& around, Budget& budget) {
  if (members.size() != 4 || text_of(members, "encoding") != kEncoding) return std::nullopt;
  const auto encoded = text_of(members, "encoded");
  auto id = text_of(members, "id");
  if (const auto odd_id = text_of(members, "idBase64")) id = from_base64(*odd_id);
  if (!encoded || !id) return std::nullopt;
  auto body = unfold(*encoded, budget);
  if (!body) return std::nullopt;
  return Message{std::move(*body), std::move(*id), time_of(members, around.sent_at)};
}

std::optional<Message> read_envelope(const Members& members, const Surroundings& around, Budget& budget) {
  const Member* const data = find(members, "data");
  if (data == nullptr) return read_encoded(members, around, budget);
  if (data->kind != event::ValueKind::object) return std::nullopt;
  auto id = text_of(members, "id");
  // A stranger's event may have these names, too: it is an envelope where nothing else is in it, or where the sender
  // says so.
  const bool exact = members.size() == 3 && id && text_of(members, "timestamp");
  if (!exact && !around.is_from_appsflyer) return std::nullopt;
  return Message{std::string(data->raw), id ? std::move(*id) : std::string(around.message_id),
                 time_of(members, around.sent_at)};
}

// A receipt has 16 bits for an event's place in its pack; ours hold at most SQS_EVENTS_PER_MESSAGE.
constexpr std::size_t kPackEventsMax = 65'535;

// The events of a pack; none where it is no pack, or one of them is no envelope, or unfolds beyond the budget.
std::vector<Message> read_pack(std::string_view text, const event::Tape& tape, const Surroundings& around,
                               Budget& budget) {
  const auto& nodes = tape.nodes;
  // The object, "pack", 1, "events", [: the places that write_pack gives them.
  if (nodes.size() < 6 || nodes[0].count != 2 || !text.starts_with(kPackBegin)) return {};
  if (nodes[4].count > kPackEventsMax) return {};  // nobody's pack: what it is, delivery finds out
  std::vector<Message> messages;
  messages.reserve(nodes[4].count);
  for (std::size_t at = 5; at < nodes[4].next; at = nodes[at].next) {
    if (nodes[at].kind != event::ValueKind::object) return {};
    auto message = read_envelope(members_at(text, tape, at), around, budget);
    if (!message) return {};
    messages.push_back(std::move(*message));
  }
  return messages;
}

// Each thread's working memory; what one huge text leaves behind is given back.
struct Scratch {
  event::Tape tape;
  void trim() {
    if (tape.nodes.capacity() * sizeof(event::TapeNode) > kScratchBytesKept) {
      std::vector<event::TapeNode>().swap(tape.nodes);
    }
  }
};
Scratch& scratch() {
  thread_local Scratch mine;
  return mine;
}

// With microseconds where there are any: the predecessor's readers take it as ISO 8601, ours gets the time back
// exactly.
std::string timestamp_text(base::WallTime time) {
  std::string text = base::iso8601_ms(time);
  const std::int64_t us = time.time_since_epoch().count() % 1000;
  if (us == 0) return text;
  const auto digits = static_cast<unsigned>(us < 0 ? us + 1000 : us);
  const std::array<char, 3> rest = {static_cast<char>('0' + digits / 100), static_cast<char>('0' + digits / 10 % 10),
                                    static_cast<char>('0' + digits % 10)};
  text.insert(text.size() - 1, rest.data(), rest.size());
  return text;
}

std::string write_plain(const Message& message) {
  std::string text;
  text.reserve(message.body.size() + message.message_id.size() + kFrameBytes);
  text += R"({"id":)";
  base::append_json_string(text, message.message_id);
  text += R"(,"timestamp":")";
  text += timestamp_text(message.received_at);
  text += R"(","data":)";
  text += message.body;
  text += '}';
  return text;
}

// Would a reader get exactly this message back? Asked instead of reasoned: the bytes may be anything.
bool gives_back(const std::string& text, const Message& message) {
  if (!is_carried_text(text)) return false;
  event::Tape& tape = scratch().tape;
  if (event::scan_object(text, tape)) return false;
  Budget budget;
  const auto read = read_envelope(members_at(text, tape, 0), {}, budget);
  return read && read->body == message.body && read->message_id == message.message_id;
}

std::string write_encoded(const Message& message) {
  base::JsonObject object;
  if (is_carried_text(message.message_id)) {
    object.add("id", message.message_id);
  } else {
    object.add("idBase64", base64(message.message_id));
  }
  object.add("timestamp", timestamp_text(message.received_at));
  object.add("encoding", kEncoding).add("encoded", squeeze(message.body));
  return object.text();
}

}  // namespace

base::Result<std::string> write_envelope(const Message& message, std::size_t bytes_max) {
  std::string text = write_plain(message);
  const bool plain = text.size() <= bytes_max && gives_back(text, message);
  scratch().trim();
  if (plain) return text;
  text = write_encoded(message);
  if (text.size() <= bytes_max) return text;
  return base::fail(base::ErrorKind::invalid,
                    "an event of " + std::to_string(message.body.size()) + " bytes does not fit into an SQS message: " +
                        std::to_string(text.size()) + " bytes compressed, " + std::to_string(bytes_max) + " allowed",
                    "SQS queue", "Raise the queue's MaximumMessageSize (1 MiB at most)");
}

std::string write_pack(const std::vector<std::string_view>& envelopes) {
  std::size_t bytes = kPackBytes;
  for (const std::string_view each : envelopes) bytes += each.size() + kPackBytesEach;
  std::string text;
  text.reserve(bytes);
  text += kPackBegin;
  for (const std::string_view each : envelopes) {
    if (text.size() > kPackBegin.size()) text += ',';
    text += each;
  }
  text += kPackEnd;
  return text;
}

Contents read_body(std::string body, const Surroundings& around) {
  Contents contents;
  Budget budget;
  event::Tape& tape = scratch().tape;
  if (!event::scan_object(body, tape)) {
    contents.events = read_pack(body, tape, around, budget);
    if (contents.events.empty()) {
      auto message = read_envelope(members_at(body, tape, 0), around, budget);
      if (message) contents.events.push_back(std::move(*message));
    }
  }
  scratch().trim();
  contents.is_oversized = budget.exceeded;
  if (contents.events.empty()) {
    contents.events.push_back({std::move(body), std::string(around.message_id), around.sent_at});
  }
  return contents;
}

}  // namespace twinshift::queue::sqs
