#include "intake/body_check.hpp"

#include <array>
#include <string_view>

#include <simdjson.h>

#include "event/event.hpp"

namespace twinshift::intake {
namespace {

using base::ErrorKind;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kWhere = "webhook";
// A parser keeps buffers as large as the largest document it saw; after a larger one than this it is made anew.
constexpr std::size_t kParserBytesKept = 128 * 1024;

enum class Verdict { object, not_object, unsure };

Verdict ask_simdjson(std::string& body) {
  thread_local auto parser = std::make_unique<simdjson::dom::parser>();
  // simdjson reads a little past the end: with spare capacity it need not copy the body first.
  body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
  simdjson::dom::element root;
  const auto error = parser->parse(body.data(), body.size(), false).get(root);
  const Verdict verdict = error != simdjson::SUCCESS ? Verdict::unsure
                          : root.is_object()         ? Verdict::object
                                                     : Verdict::not_object;
  if (body.size() > kParserBytesKept) parser = std::make_unique<simdjson::dom::parser>();
  return verdict;
}

// JavaScript's idea of "not there", which is what the predecessor's check asks.
bool is_falsy(const event::Field& field) {
  switch (field.kind) {
    case event::ValueKind::null:
      return true;
    case event::ValueKind::boolean:
      return field.raw == "false";
    case event::ValueKind::text:
      return field.text.empty();
    case event::ValueKind::number:
      // Zero in any spelling: no digit but 0 before the exponent.
      return field.raw.substr(0, field.raw.find_first_of("eE")).find_first_of("123456789") == std::string_view::npos;
    default:
      return false;
  }
}

}  // namespace

base::Status check_body(std::string& body) {
  if (body.starts_with(kByteOrderMark)) body.erase(0, kByteOrderMark.size());
  if (body.empty()) {
    return base::fail(ErrorKind::invalid, "The body is empty: send one JSON object", std::string(kWhere));
  }
  switch (ask_simdjson(body)) {
    case Verdict::object:
      return {};
    case Verdict::not_object:
      return base::fail(ErrorKind::invalid, "The body is JSON but not an object: send one JSON object",
                        std::string(kWhere));
    case Verdict::unsure:
      return event::check_object(body);
  }
  return {};
}

base::Status check_required_fields(const std::string& body) {
  constexpr std::array<std::string_view, 3> kRequired = {"appsflyer_id", "event_name", "event_time"};
  auto decoded = event::decode_event(body, "", {});
  if (!decoded) return base::fail(std::move(decoded.error()));
  for (const std::string_view name : kRequired) {
    bool there = false;
    for (const event::Field& field : (*decoded)->fields) {
      if (field.key == name) there = !is_falsy(field);  // of equal keys the last one counts
    }
    if (!there) {
      return base::fail(ErrorKind::invalid, "Missing required fields: appsflyer_id, event_name, or event_time",
                        std::string(kWhere));
    }
  }
  return {};
}

std::string app_id_of(const std::string& body) {
  const auto decoded = event::decode_event(body, "", {});
  std::string app_id;
  if (!decoded) return app_id;
  for (const event::Field& field : (*decoded)->fields) {
    if (field.key == "app_id") app_id = field.kind == event::ValueKind::null ? std::string_view() : field.text;
  }
  return app_id;
}

}  // namespace twinshift::intake
