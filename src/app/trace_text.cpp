#include "app/trace_text.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "app/terminal_text.hpp"
#include "base/json_text.hpp"
#include "base/time_text.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::app {
namespace {

using base::iso8601_ms;
using base::JsonObject;

// The parity watermark will say here up to when both sides were found identical.
std::string verified_text(const TraceReport& report, const TracedEvent& event) {
  if (report.verified(event)) return iso8601_ms(*report.proved_up_to) + "  up to then by an audit that came out equal";
  const bool taken_away = std::ranges::any_of(event.targets, [&](const TracedTarget& each) {
    return event.state(each) == TraceState::erased || event.state(each) == TraceState::gone;
  });
  if (taken_away) return "no: it does not stand on both sides any more";
  return report.proved_up_to ? "not audited since it stands on both sides" : "not audited yet";
}

const char* to_text(journal::Writing writing) {
  switch (writing) {
    case journal::Writing::inserted:
      return "inserted";
    case journal::Writing::duplicate:
      return "duplicate";
    case journal::Writing::unknown:
      return "settled by marker";
  }
  return "unknown";
}

std::string line(std::string_view label, std::string_view text) {
  std::string out = "  ";
  append_padded(out, label, 11);
  return out + ' ' + printable(text) + '\n';
}

bool is_mending(const journal::Landing& landing) {
  return landing.batch_id.starts_with(warehouse::kMendingPrefix);
}

std::string batch_text(const journal::Landing& landing) {
  std::string text =
      fmt::format("{}  {}  batch {}", iso8601_ms(landing.at), to_text(landing.writing), landing.batch_id);
  if (!landing.statement_id.empty()) text += "  statement " + landing.statement_id;
  if (landing.from_backlog) text += "  from the backlog";
  if (is_mending(landing)) text += "  by repair";
  return text;
}

std::string row_text(const TableRow& row) {
  std::string text = "received_at " + base::sql_timestamp(row.received_at);
  if (row.copies != 1) text += fmt::format("  {} COPIES", row.copies);
  return text;
}

std::string refusal_text(const quarantine::Record& record) {
  std::string text = fmt::format("{}  number {}", iso8601_ms(record.quarantined_at), record.id);
  if (!record.column.empty()) text += "  column " + record.column;
  if (!record.error_class.empty()) text += "  [" + record.error_class + "]";
  return text + "  " + record.message;
}

std::string state_text(const TracedEvent& event, const TracedTarget& target) {
  switch (event.state(target)) {
    case TraceState::landed:
      return "landed: " + row_text(*target.row) +
             (target.erased_at ? "  THOUGH ERASED " + iso8601_ms(*target.erased_at) +
                                     ": somebody has put it back; run `twinshift erase` for that person again"
                               : "");
    case TraceState::erased:
      return "erased " + iso8601_ms(*target.erased_at) + ": whatever brings it again is passed over";
    case TraceState::quarantined:
      return "refused for good: in the quarantine";
    case TraceState::owed:
      return "owed: in its backlog";
    case TraceState::waiting:
      return "not yet: waits in the queue";
    case TraceState::gone:
      return "gone: it landed, and the table does not hold it now";
    case TraceState::absent:
      return "not there, and nobody owes it";
    case TraceState::unknown:
      return target.asked ? "not there; whether it is owed is not known" : "could not be asked";
  }
  return {};
}

std::string target_as_text(const TracedEvent& event, const TracedTarget& target) {
  std::string text = line(target.name, state_text(event, target));
  for (const quarantine::Record& each : target.quarantined) text += line("  refused", refusal_text(each));
  for (const journal::Landing& each : event.history.landings) {
    if (each.target == target.name) text += line("  batch", batch_text(each));
  }
  for (const journal::Passing& each : event.history.parked) {
    if (each.target == target.name) text += line("  parked", iso8601_ms(each.at) + "  into its backlog");
  }
  for (const journal::Passing& each : event.history.quarantined) {
    if (each.target == target.name) text += line("  refused", iso8601_ms(each.at) + "  into the quarantine");
  }
  return text;
}

// From the table, else from whoever knows.
std::optional<base::WallTime> event_at_of(const TracedEvent& event) {
  for (const TracedTarget& target : event.targets) {
    if (target.row) return target.row->event_at;
  }
  if (!event.history.deliveries.empty()) return event.history.deliveries.front().event_at;
  if (!event.waiting.empty()) return event.waiting.front().event_at;
  return std::nullopt;
}

std::string name_of(const TracedEvent& event) {
  for (const TracedTarget& target : event.targets) {
    if (target.row && !target.row->event_name.empty()) return target.row->event_name;
  }
  return {};
}

std::string event_as_text(const TraceReport& report, const TracedEvent& event) {
  std::string text = "event " + event.id;
  if (const auto event_at = event_at_of(event)) text += "  event_at " + base::sql_timestamp(*event_at);
  if (const std::string name = name_of(event); !name.empty()) text += "  " + printable(name);
  text += '\n';
  if (!event.found()) return text + "  found nowhere\n";
  for (const journal::Delivery& each : event.history.deliveries) {
    text += line("received", fmt::format("{}  message {}  taken from the queue {}", iso8601_ms(each.received_at),
                                         each.message_id, iso8601_ms(each.at)));
  }
  for (const WaitingMessage& each : event.waiting) {
    text += line("queued", fmt::format("{}  message {}", iso8601_ms(each.received_at), each.message_id));
  }
  for (const TracedTarget& each : event.targets) text += target_as_text(event, each);
  if (event.history.cut) text += line("", "(older entries of the journal are not shown)");
  return text + line("verified", verified_text(report, event));
}

std::string journal_text(const TraceReport& report) {
  if (!report.journal) return "the journal: there is none here (TRACE_BYTES_MAX)";
  const journal::Coverage& journal = *report.journal;
  if (journal.since == base::WallTime{}) return "the journal: nothing yet";
  std::string text =
      fmt::format("the journal of this instance: {} receipts since {}", journal.received, iso8601_ms(journal.since));
  if (journal.damaged_blocks > 0) text += fmt::format(", {} damaged blocks passed over", journal.damaged_blocks);
  if (journal.foreign_bytes > 0) text += fmt::format(", {} torn or foreign bytes passed over", journal.foreign_bytes);
  if (journal.unread_files > 0) text += fmt::format(", {} files could not be read", journal.unread_files);
  return text;
}

std::string joined(const std::vector<std::string>& objects) {
  std::string text = "[";
  for (const std::string& each : objects) text += (text.size() > 1 ? "," : "") + each;
  return text + ']';
}

template <class Entries, class Make>
std::string array_of(const Entries& entries, Make make) {
  std::vector<std::string> objects;
  for (const auto& each : entries) objects.push_back(make(each));
  return joined(objects);
}

std::string landing_as_json(const journal::Landing& landing) {
  return JsonObject()
      .add("at", iso8601_ms(landing.at))
      .add("outcome", to_text(landing.writing))
      .add("batchId", landing.batch_id)
      .add("statementId", landing.statement_id)
      .add("fromBacklog", landing.from_backlog)
      .add("byRepair", is_mending(landing))
      .text();
}

std::string refusal_as_json(const quarantine::Record& record) {
  return JsonObject()
      .add("number", record.id)
      .add("quarantinedAt", iso8601_ms(record.quarantined_at))
      .add("column", record.column)
      .add("errorClass", record.error_class)
      .add("message", record.message)
      .text();
}

std::string times_of(const std::vector<journal::Passing>& entries, const std::string& target) {
  std::vector<std::string> times;
  for (const journal::Passing& each : entries) {
    if (each.target == target) times.push_back(base::json_string(iso8601_ms(each.at)));
  }
  return joined(times);
}

std::string target_as_json(const TracedEvent& event, const TracedTarget& target) {
  std::vector<std::string> landings;
  for (const journal::Landing& each : event.history.landings) {
    if (each.target == target.name) landings.push_back(landing_as_json(each));
  }
  JsonObject json;
  json.add("state", to_string(event.state(target)));
  if (target.row) {
    json.add("receivedAt", iso8601_ms(target.row->received_at)).add("copies", target.row->copies);
  }
  if (target.erased_at) json.add("erasedAt", iso8601_ms(*target.erased_at));
  json.add_raw("batches", joined(landings));
  json.add_raw("parkedAt", times_of(event.history.parked, target.name));
  json.add_raw("quarantinedAt", times_of(event.history.quarantined, target.name));
  json.add_raw("quarantine", array_of(target.quarantined, refusal_as_json));
  return json.text();
}

std::string event_as_json(const TraceReport& report, const TracedEvent& event) {
  JsonObject targets;
  for (const TracedTarget& each : event.targets) targets.add_raw(each.name, target_as_json(event, each));
  JsonObject json;
  json.add("eventId", event.id).add("found", event.found());
  const auto event_at = event_at_of(event);
  json.add_raw("eventAt", event_at ? base::json_string(iso8601_ms(*event_at)) : "null");
  json.add("eventName", name_of(event));
  json.add_raw("received", array_of(event.history.deliveries, [](const journal::Delivery& each) {
                 return JsonObject()
                     .add("receivedAt", iso8601_ms(each.received_at))
                     .add("messageId", each.message_id)
                     .add("takenAt", iso8601_ms(each.at))
                     .text();
               }));
  json.add_raw(
      "queued", array_of(event.waiting, [](const WaitingMessage& each) {
        return JsonObject().add("receivedAt", iso8601_ms(each.received_at)).add("messageId", each.message_id).text();
      }));
  json.add_raw("targets", targets.text());
  json.add_raw("verified", report.verified(event) ? base::json_string(iso8601_ms(*report.proved_up_to)) : "null");
  return json.text();
}

std::string journal_as_json(const journal::Coverage& journal) {
  return JsonObject()
      .add_raw("since", journal.since == base::WallTime{} ? "null" : base::json_string(iso8601_ms(journal.since)))
      .add("receipts", journal.received)
      .add("damagedBlocks", journal.damaged_blocks)
      .add("foreignBytes", journal.foreign_bytes)
      .add("unreadFiles", journal.unread_files)
      .text();
}

}  // namespace

std::string trace_as_text(const TraceReport& report) {
  std::string text;
  for (const TracedEvent& each : report.events) text += event_as_text(report, each);
  if (report.events.empty()) text += "found nowhere: " + printable(report.asked) + '\n';
  if (report.more) text += fmt::format("... and more: the newest {} are shown\n", report.events.size());
  text += journal_text(report) + '\n';
  for (const std::string& each : report.remarks) text += printable(each) + '\n';
  for (const base::Error& each : report.not_asked) text += "not asked: " + printable(each.text()) + '\n';
  return text;
}

std::string trace_as_json(const TraceReport& report) {
  JsonObject json;
  json.add("asked", report.asked).add("found", report.found()).add("more", report.more);
  json.add_raw("events", array_of(report.events, [&](const TracedEvent& each) { return event_as_json(report, each); }));
  json.add_raw("journal", report.journal ? journal_as_json(*report.journal) : "null");
  json.add_raw("remarks", array_of(report.remarks, base::json_string));
  json.add_raw("notAsked",
               array_of(report.not_asked, [](const base::Error& each) { return base::json_string(each.text()); }));
  return json.text();
}

}  // namespace twinshift::app
