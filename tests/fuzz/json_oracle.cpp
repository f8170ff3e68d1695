#include "tests/fuzz/json_oracle.hpp"

#include <algorithm>

#include <simdjson.h>

#include "base/json_text.hpp"
#include "event/event.hpp"
#include "event/identity.hpp"
#include "event/json_scan.hpp"

namespace twinshift::tests {
namespace {

// simdjson takes any integer of so many digits.
constexpr std::size_t kSafeDigits = 18;

bool has_odd_number(std::string_view json, const event::Tape& tape) {
  return std::any_of(tape.nodes.begin(), tape.nodes.end(), [&](const event::TapeNode& node) {
    if (node.kind != event::ValueKind::number) return false;
    const std::string_view text = json.substr(node.begin, node.length);
    return text.size() > kSafeDigits || text.find_first_of("eE") != std::string_view::npos;
  });
}

// May simdjson refuse, for this reason, what we take?
bool known_reason(simdjson::error_code code, std::string_view json, const event::Tape& tape) {
  switch (code) {
    case simdjson::STRING_ERROR:
      return tape.lone_surrogate;
    case simdjson::NUMBER_ERROR:
      // Below kNestingMax the tape holds no numbers to look at.
      return tape.too_deep || has_odd_number(json, tape);
    case simdjson::DEPTH_ERROR:
      return tape.too_deep;
    default:
      // Later versions have an error of their own for integers beyond 64 bits, which this one cannot name.
      return std::string_view(simdjson::error_message(code)).find("nteger") != std::string_view::npos &&
             (tape.too_deep || has_odd_number(json, tape));
  }
}

bool same_value(const event::Field& field, simdjson::dom::element value) {
  using event::ValueKind;
  switch (value.type()) {
    case simdjson::dom::element_type::ARRAY:
      return field.kind == ValueKind::array;
    case simdjson::dom::element_type::OBJECT:
      return field.kind == ValueKind::object;
    case simdjson::dom::element_type::STRING:
      return field.kind == ValueKind::text && field.text == std::string_view(value.get_string());
    case simdjson::dom::element_type::BOOL:
      return field.kind == ValueKind::boolean && field.raw == (bool(value) ? "true" : "false");
    case simdjson::dom::element_type::NULL_VALUE:
      return field.kind == ValueKind::null && field.raw == "null";
    default:
      return field.kind == ValueKind::number;
  }
}

std::string compare_fields(const event::Event& event, simdjson::dom::object object) {
  std::size_t at = 0;
  for (const auto [key, value] : object) {
    if (at == event.fields.size()) return "a member is missing";
    const event::Field& field = event.fields[at++];
    if (field.key != key) return "a key differs from simdjson's";
    if (!same_value(field, value)) return "a value differs from simdjson's";
  }
  return at == event.fields.size() ? "" : "there is a member too many";
}

// The same event told otherwise: last member first, texts with our own escaping. Only for a plain event.
std::string told_again(const event::Event& event) {
  std::string json = "{";
  for (auto field = event.fields.rbegin(); field != event.fields.rend(); ++field) {
    if (json.size() > 1) json += " ,\t";
    base::append_json_string(json, field->key);
    json += ": ";
    if (field->kind == event::ValueKind::text) {
      base::append_json_string(json, field->text);
    } else {
      json += field->raw;
    }
  }
  return json + "}";
}

// What must hold for every object, whoever else takes it.
std::string check_event(const event::Event& event, std::string_view json, const event::Tape& tape) {
  if (event.id != event::content_id(json)) return "decode_event and content_id disagree";
  if (event.key != event::key_of(event.id) || event.key < 0) return "the key is not the id's";
  if (tape.too_deep) return event.plain ? "a too deep event is called plain" : "";
  if (event.id != event::content_id(" " + std::string(json) + "\n")) return "white space changes the id";
  if (!event.plain) return "";
  const auto again = event::decode_event(told_again(event), "m", base::WallTime{});
  if (!again || !(*again)->plain) return "the event told again is not taken or not plain";
  if ((*again)->id != event.id) return "the event told again has another id";
  return (*again)->event_at == event.event_at ? "" : "the event told again has another event_at";
}

}  // namespace

std::string disagreement(std::string_view json) {
  event::Tape tape;
  const auto fault = event::scan_object(json, tape);
  if (event::scan_object(json).has_value() != fault.has_value()) return "the scanner's two ways in disagree";
  if (event::check_object(json).has_value() == fault.has_value()) return "check_object disagrees with the scanner";
  const auto event = event::decode_event(std::string(json), "m", base::WallTime{});
  if (event.has_value() == fault.has_value()) return "decode_event disagrees with the scanner";
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  const simdjson::padded_string padded(json);
  const simdjson::error_code code = parser.parse(padded).get_object().get(object);
  if (fault) return code == simdjson::SUCCESS ? "simdjson takes it, we refuse it" : "";
  if (std::string wrong = check_event(**event, json, tape); !wrong.empty()) return wrong;
  if (code == simdjson::SUCCESS) return tape.lone_surrogate ? "" : compare_fields(**event, object);
  return known_reason(code, json, tape) ? ""
                                        : std::string("we take it, simdjson says ") + simdjson::error_message(code);
}

}  // namespace twinshift::tests
