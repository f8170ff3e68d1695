#include "app/quarantine_text.hpp"

#include <algorithm>

#include "base/json_text.hpp"
#include "base/time_text.hpp"

namespace twinshift::app {
namespace {

const char* sides(const quarantine::Record& record) {
  return record.both_sides ? "both sides" : "this side only";
}

std::uint64_t messages_of(const quarantine::Record& record) {
  return 1 + record.further_arrivals.size();
}

std::string arrivals_as_json(const quarantine::Record& record) {
  std::string json = "[";
  for (const quarantine::Arrival& each : quarantine::arrivals_of(record)) {
    if (json.size() > 1) json += ',';
    json += base::JsonObject()
                .add("messageId", each.message_id)
                .add("receivedAt", base::iso8601_ms(each.received_at))
                .text();
  }
  return json + ']';
}

std::string on_one_line(std::string json) {
  // Within a string a raw line end is no JSON (RFC 8259, section 7), so these stand between tokens.
  std::ranges::replace(json, '\n', ' ');
  std::ranges::replace(json, '\r', ' ');
  return json;
}

}  // namespace

warehouse::Table records_as_table(const std::vector<quarantine::Record>& records) {
  warehouse::Table table;
  table.columns = {"id",    "target",   "event_id",       "column",      "error_class", "message",
                   "tries", "messages", "quarantined_at", "received_at", "bytes",       "refused"};
  for (const quarantine::Record& each : records) {
    table.rows.push_back({std::to_string(each.id), each.target, each.event_id,
                          each.column.empty() ? std::nullopt : std::optional(each.column), each.error_class,
                          each.message, std::to_string(each.tries), std::to_string(messages_of(each)),
                          base::iso8601_ms(each.quarantined_at), base::iso8601_ms(each.received_at),
                          std::to_string(each.json_bytes), sides(each)});
  }
  return table;
}

std::string record_as_json(const quarantine::Record& record, bool with_arrivals) {
  base::JsonObject json;
  json.add("id", record.id).add("target", record.target).add("eventId", record.event_id);
  json.add("idVersion", record.id_version).add("messageId", record.message_id);
  json.add("column", record.column).add("errorClass", record.error_class).add("message", record.message);
  json.add("tries", record.tries).add("messages", messages_of(record)).add("bothSides", record.both_sides);
  json.add("quarantinedAt", base::iso8601_ms(record.quarantined_at));
  json.add("receivedAt", base::iso8601_ms(record.received_at));
  if (with_arrivals) json.add_raw("arrivals", arrivals_as_json(record));
  json.add_raw("event", on_one_line(record.json));
  return json.text();
}

}  // namespace twinshift::app
