#include "app/trace_search.hpp"

#include <algorithm>
#include <utility>

#include "app/driver_table.hpp"
#include "app/trace_sources.hpp"
#include "event/identity.hpp"
#include "event/json_string.hpp"
#include "journal/uuid_text.hpp"
#include "warehouse/stored_event.hpp"

namespace twinshift::app {
namespace {

std::string lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

class Search {
 public:
  Search(const config::Settings& settings, const TraceQuestion& question, base::WallTime now)
      : question_(question),
        minted_(identity_mode(settings) == event::IdentityMode::message),
        sources_(settings, question.span, now) {}

  TraceReport run() {
    const std::string as_event = lower_case(question_.id);
    if (warehouse::is_event_id(as_event)) describe({as_event});
    // 32 digits may be an appsflyer_id as well.
    if (!report_.found()) describe(find_events());
    report_.asked = question_.id;
    sources_.finish(report_);
    return std::move(report_);
  }

 private:
  std::vector<std::string> find_events();
  void describe(std::vector<std::string> events);
  void add_tables(const std::vector<std::string>& events);
  void add_quarantine(const std::vector<std::string>& events);
  void add_waiting(const std::vector<std::string>& events);
  void add_cannot_tell(const WaitingAnswer& answer);
  [[nodiscard]] bool is_lacking() const;
  TracedEvent* find(std::string_view event);
  TracedTarget* find(std::string_view event, std::string_view target);

  const TraceQuestion question_;
  const bool minted_;
  TraceSources sources_;
  TraceReport report_;
};

// The distinct events of the text, in order, at most kTraceEventsMax: first from the journal, which knows messages and
// installs; then, at a price, from what waits, the quarantine and the tables.
std::vector<std::string> Search::find_events() {
  const std::string& text = question_.id;
  const bool is_message = journal::is_uuid_text(lower_case(text));
  // No appsflyer_id looks so: a table is gone through for it on demand only.
  const bool is_ours = is_message || warehouse::is_event_id(lower_case(text));
  std::vector<std::string> events = sources_.journal_events(text);
  // EVENT_IDENTITY=message: the message's id is the event's.
  if (minted_ && is_message) events.push_back(event::minted_id(text).hex());
  if (events.empty() || question_.ask_tables) {
    if (const auto waiting = sources_.waiting({.text = text})) {
      for (const WaitingMessage& each : waiting->queued) events.push_back(each.event_id);
      add_cannot_tell(*waiting);
    }
    for (const auto& each : sources_.quarantined_message(text)) events.push_back(each.event_id);
  }
  if ((events.empty() && !is_ours) || question_.ask_tables) {
    for (const auto& [target, rows] : sources_.rows_of_install(text)) {
      for (const TableRow& row : rows) events.push_back(row.event_id);
    }
  }
  std::vector<std::string> distinct;
  for (std::string& each : events) {
    if (!warehouse::is_event_id(each) || std::ranges::find(distinct, each) != distinct.end()) continue;
    distinct.push_back(std::move(each));
  }
  report_.more = distinct.size() > kTraceEventsMax;
  distinct.resize(std::min(distinct.size(), kTraceEventsMax));
  return distinct;
}

void Search::describe(std::vector<std::string> events) {
  if (events.empty()) return;
  report_.events.clear();
  auto histories = sources_.histories(events);
  for (std::size_t i = 0; i < events.size(); ++i) {
    TracedEvent& event = report_.events.emplace_back();
    event.id = events[i];
    event.history = std::move(histories[i]);
    for (const std::string& target : sources_.targets()) event.targets.push_back({.name = target});
  }
  add_tables(events);
  const bool lacks = is_lacking();
  if (lacks || !sources_.quarantine_is_far()) add_quarantine(events);
  if (lacks) add_waiting(events);
}

void Search::add_tables(const std::vector<std::string>& events) {
  std::vector<TableQuestion> asked;
  for (const std::string& each : events) {
    TableQuestion& question = asked.emplace_back(TableQuestion{each});
    const auto& deliveries = find(each)->history.deliveries;
    if (!deliveries.empty()) question.event_at = deliveries.front().event_at;
  }
  for (auto& [target, found] : sources_.rows(asked)) {
    for (TracedEvent& event : report_.events) find(event.id, target)->asked = true;
    for (TableRow& row : found.rows) {
      TracedTarget* const place = find(row.event_id, target);
      if (place != nullptr) place->row = std::move(row);
    }
    for (const auto& [event, erased_at] : found.erased) {
      TracedTarget* const place = find(event, target);
      if (place != nullptr) place->erased_at = erased_at;
    }
  }
}

void Search::add_quarantine(const std::vector<std::string>& events) {
  for (quarantine::Record& record : sources_.quarantined(events)) {
    TracedTarget* const place = find(record.event_id, record.target);
    if (place != nullptr) place->quarantined.push_back(std::move(record));
  }
}

// What stands in every target, or may not, is owed to none: then the queue, which may be long, need not be gone
// through.
bool Search::is_lacking() const {
  return std::ranges::any_of(report_.events, [](const TracedEvent& event) {
    return std::ranges::any_of(event.targets,
                               [](const TracedTarget& target) { return !target.row && !target.erased_at; });
  });
}

void Search::add_waiting(const std::vector<std::string>& events) {
  auto answer = sources_.waiting({.text = {}, .events = events});
  for (TracedEvent& event : report_.events) {
    for (TracedTarget& target : event.targets) {
      target.owed_unknown = !answer || std::ranges::any_of(answer->cannot_tell, [&](const std::string& who) {
        return who == target.name || who == "queue";
      });
    }
  }
  if (!answer) return;
  for (WaitingMessage& each : answer->queued) {
    TracedEvent* const event = find(each.event_id);
    if (event != nullptr) event->waiting.push_back(std::move(each));
  }
  for (const auto& [target, event] : answer->owed) {
    TracedTarget* const place = find(event, target);
    if (place != nullptr) place->owed = true;
  }
  add_cannot_tell(*answer);
}

void Search::add_cannot_tell(const WaitingAnswer& answer) {
  for (const std::string& who : answer.cannot_tell) {
    base::Error error{base::ErrorKind::unavailable, "cannot tell which events wait there, or not in time",
                      who == "queue" ? "the queue" : "the backlog of " + who, ""};
    const bool told =
        std::ranges::any_of(report_.not_asked, [&](const auto& each) { return each.where == error.where; });
    if (!told) report_.not_asked.push_back(std::move(error));
  }
}

TracedEvent* Search::find(std::string_view event) {
  const auto found = std::ranges::find(report_.events, event, &TracedEvent::id);
  return found == report_.events.end() ? nullptr : &*found;
}

TracedTarget* Search::find(std::string_view event, std::string_view target) {
  TracedEvent* const traced = find(event);
  if (traced == nullptr) return nullptr;
  const auto found = std::ranges::find(traced->targets, target, &TracedTarget::name);
  return found == traced->targets.end() ? nullptr : &*found;
}

}  // namespace

base::Result<TraceReport> trace(const config::Settings& settings, const TraceQuestion& question, base::WallTime now) {
  if (question.id.empty() || question.id.size() > kTraceIdBytesMax || !event::is_utf8(question.id) ||
      question.id.find('\0') != std::string::npos) {
    return base::fail(base::ErrorKind::invalid, "this is no id: it must be valid UTF-8 of 1 to 400 bytes", "trace",
                      "Give an event id (32 hexadecimal digits), a message id or an appsflyer_id");
  }
  return Search(settings, question, now).run();
}

}  // namespace twinshift::app
