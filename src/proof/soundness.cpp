#include "proof/soundness.hpp"

#include <charconv>
#include <chrono>
#include <map>
#include <set>
#include <vector>

#include "event/identity.hpp"

namespace twinshift::proof {
namespace {

void append(std::string& list, std::string_view name) {
  if (!list.empty()) list += ", ";
  list += name;
}

// The id's first 62 bits.
std::int64_t key_in(const std::string& id) {
  constexpr int kHex = 16;
  constexpr int kDigits = 16;
  std::uint64_t bits = 0;
  std::from_chars(id.data(), id.data() + kDigits, bits, kHex);
  return static_cast<std::int64_t>(bits >> 2U);
}

// By name: all values in order.
using Fields = std::map<std::string_view, std::vector<std::string_view>>;

Fields fields_of(const event::Event& event) {
  Fields fields;
  for (const event::Field& field : event.fields) fields[field.key].push_back(field.raw);
  return fields;
}

// Of one value: 1.0 is 1, and "\u0041" is "A".
event::EventId id_of(const std::vector<std::string_view>& values) {
  std::string object = "{";
  for (const std::string_view value : values) {
    object += object.size() > 1 ? ",\"v\":" : "\"v\":";
    object += value;
  }
  return event::content_id(object + '}');
}

bool same(const Fields& one, const Fields& other, std::string_view name) {
  const auto left = one.find(name);
  const auto right = other.find(name);
  if (left == one.end() || right == other.end()) return false;
  return left->second == right->second || id_of(left->second) == id_of(right->second);
}

// Where ids are minted, rows of a time when they were not keep their version.
bool is_version_of(const warehouse::StoredEvent& row, const event::Event& told) {
  if (!row.id_version) return true;
  return *row.id_version == (told.id.hex() == row.id ? told.id_version : event::kIdentityMinted);
}

}  // namespace

Soundness soundness_of(const warehouse::StoredEvent& row, bool ids_from_content) {
  if (!row.text) return soundness_of(row, nullptr, ids_from_content);
  const auto event = event::decode_event(*row.text, {}, {});
  return soundness_of(row, event ? event->get() : nullptr, ids_from_content);
}

Soundness soundness_of(const warehouse::StoredEvent& row, const event::Event* told, bool ids_from_content) {
  if (!warehouse::is_event_id(row.id)) return {.fault = Fault::no_id, .columns = "event_id", .content_id = {}};
  if (told == nullptr) return {.fault = Fault::no_event, .columns = "extra", .content_id = {}};
  Soundness found{.fault = Fault::none, .columns = {}, .content_id = told->id.hex()};
  if (ids_from_content && found.content_id != row.id) {
    const bool key_says_so = row.key == told->key;
    found.fault = key_says_so ? Fault::renamed : Fault::content;
    if (key_says_so) found.columns = "event_id";
    return found;
  }
  if (row.key != key_in(row.id)) append(found.columns, "event_key");
  if (!row.event_at || !warehouse::is_same_time(*row.event_at, told->event_at)) append(found.columns, "event_at");
  if (!is_version_of(row, *told)) append(found.columns, "id_version");
  if (!found.columns.empty()) found.fault = Fault::column;
  return found;
}

std::string differing_fields(std::string_view one, std::string_view other) {
  const auto left = event::decode_event(std::string(one), {}, {});
  const auto right = event::decode_event(std::string(other), {}, {});
  if (!left || !right) return {};
  const Fields fields = fields_of(**left);
  const Fields others = fields_of(**right);
  std::set<std::string_view> names;
  for (const auto& [name, values] : fields) names.insert(name);
  for (const auto& [name, values] : others) names.insert(name);
  std::string list;
  std::size_t named = 0;
  for (const std::string_view name : names) {
    if (same(fields, others, name)) continue;
    if (++named > kFieldsNamed) return list + ", ...";
    append(list, name);
  }
  return list;
}

}  // namespace twinshift::proof
