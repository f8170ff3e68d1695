#include "quarantine/drivers/queue/refusal_message.hpp"

#include <simdjson.h>

#include "base/ids.hpp"
#include "base/json_text.hpp"
#include "event/json_string.hpp"

namespace twinshift::quarantine {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kBegin = R"({"twinshift_quarantine":)";
// Between the head and the event's bytes. Within the head it cannot occur: there a quote is either escaped or ends a
// string, and no other member has this name.
constexpr std::string_view kEventFollows = R"(,"event":)";
// In the name of a member whose bytes are no UTF-8 and stand in hex.
constexpr std::string_view kHexSuffix = "_hex";

void add_bytes(base::JsonObject& json, const std::string& name, const std::string& bytes) {
  if (event::is_utf8(bytes)) {
    json.add(name, bytes);
  } else {
    json.add(name + std::string(kHexSuffix), base::to_hex(bytes));
  }
}

std::optional<std::string> bytes_from(std::string_view hex) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  std::string bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    const int high = digit(hex[i]);
    const int low = digit(hex[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  return hex.size() % 2 == 0 ? std::optional(std::move(bytes)) : std::nullopt;
}

// Reads members; remembers whether all were there and of their kind.
class HeadReader {
 public:
  explicit HeadReader(dom::object head) : head_(head) {}

  std::int64_t integer(std::string_view name) {
    std::int64_t value = 0;
    if (head_[name].get(value) != simdjson::SUCCESS) sound_ = false;
    return value;
  }
  std::string bytes(const std::string& name) {
    std::string_view text;
    if (head_[name].get(text) == simdjson::SUCCESS) return std::string(text);
    std::optional<std::string> bytes;
    if (head_[name + std::string(kHexSuffix)].get(text) == simdjson::SUCCESS) bytes = bytes_from(text);
    if (!bytes) sound_ = false;
    return std::move(bytes).value_or("");
  }
  base::WallTime time(std::string_view name) { return base::WallTime(std::chrono::microseconds(integer(name))); }
  [[nodiscard]] bool sound() const { return sound_; }

 private:
  dom::object head_;
  bool sound_ = true;
};

std::optional<Record> read_head(std::string text) {
  thread_local dom::parser parser;
  dom::object object;
  if (parser.parse(simdjson::padded_string(text)).get(object) != simdjson::SUCCESS) return std::nullopt;
  HeadReader head(object);
  if (head.integer("twinshift_quarantine") != kRefusalVersion) return std::nullopt;
  Record record;
  record.id = head.integer("number");
  record.target = head.bytes("target");
  record.event_id = head.bytes("event_id");
  record.id_version = static_cast<int>(head.integer("id_version"));
  record.message_id = head.bytes("message_id");
  record.received_at = head.time("received_at");
  record.quarantined_at = head.time("quarantined_at");
  record.column = head.bytes("column");
  record.error_class = head.bytes("error_class");
  record.message = head.bytes("message");
  const std::int64_t tries = head.integer("tries");
  const std::int64_t event_bytes = head.integer("event_bytes");
  if (!head.sound() || record.id <= 0 || tries < 0 || event_bytes < 0) return std::nullopt;
  record.tries = static_cast<std::uint64_t>(tries);
  record.json_bytes = static_cast<std::uint64_t>(event_bytes);
  return record;
}

}  // namespace

std::string write_refusal(const Refused& refused, std::int64_t number, base::WallTime now) {
  const event::Event& event = *refused.event;
  base::JsonObject head;
  head.add("twinshift_quarantine", kRefusalVersion).add("number", number);
  add_bytes(head, "target", refused.target);
  head.add("event_id", event.id.hex()).add("id_version", event.id_version);
  add_bytes(head, "message_id", event.message_id);
  head.add("received_at", static_cast<std::int64_t>(event.received_at.time_since_epoch().count()));
  head.add("quarantined_at", static_cast<std::int64_t>(now.time_since_epoch().count()));
  add_bytes(head, "column", refused.column);
  add_bytes(head, "error_class", refused.error_class);
  add_bytes(head, "message", refused.message);
  head.add("tries", static_cast<std::int64_t>(refused.tries));
  head.add("event_bytes", static_cast<std::uint64_t>(event.json.size()));
  std::string body = head.text();
  body.pop_back();
  body.reserve(body.size() + kEventFollows.size() + event.json.size() + 1);
  return body.append(kEventFollows).append(event.json).append("}");
}

std::optional<Refusal> read_refusal(std::string_view body) {
  if (!body.starts_with(kBegin) || !body.ends_with('}')) return std::nullopt;
  const std::size_t head_end = body.find(kEventFollows);
  if (head_end == std::string_view::npos) return std::nullopt;
  auto record = read_head(std::string(body.substr(0, head_end)) + "}");
  if (!record) return std::nullopt;
  const std::size_t begin = head_end + kEventFollows.size();
  const std::string_view event = body.substr(begin, body.size() - begin - 1);
  if (event.size() != record->json_bytes) return std::nullopt;  // cut
  return Refusal{std::move(*record), event};
}

}  // namespace twinshift::quarantine
