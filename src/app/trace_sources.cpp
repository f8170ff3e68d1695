#include "app/trace_sources.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "app/call_limit.hpp"
#include "app/driver_table.hpp"
#include "base/time_text.hpp"
#include "journal/segment_files.hpp"
#include "warehouse/damaged_file_hint.hpp"

namespace twinshift::app {
namespace {

using base::ErrorKind;

constexpr std::size_t kPageRecords = 5'000;
// Of all events asked for: one a target is usual.
constexpr std::size_t kQuarantinedMax = 4 * kTraceEventsMax;
constexpr std::string_view kJournal = "the journal";
constexpr std::string_view kQueues = "queue and backlog";
constexpr std::string_view kQuarantine = "the quarantine";

bool is_here(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

std::optional<event::EventId> id_from(std::string_view hex) {
  event::EventId id;
  if (hex.size() != 2 * id.bytes.size()) return std::nullopt;
  const auto digit = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); };
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    id.bytes[i] = static_cast<std::uint8_t>(digit(hex[2 * i]) << 4U | digit(hex[2 * i + 1]));
  }
  return id;
}

}  // namespace

TraceSources::TraceSources(const config::Settings& settings, std::optional<proof::Span> span, base::WallTime now)
    : settings_(settings) {
  for (const char* const name : {"primary", "secondary"}) {
    auto table = open_traced_table(settings_, name, span, now);
    if (!table && table.error().kind == ErrorKind::not_found) continue;
    targets_.emplace_back(name);
    if (table) {
      tables_.emplace(name, std::move(*table));
    } else {
      did_not_answer(name, std::move(table.error()));
    }
  }
}

void TraceSources::did_not_answer(const std::string& source, base::Error error) {
  const bool is_table = std::ranges::find(targets_, source) != targets_.end();
  if (is_table && error.kind == base::ErrorKind::corrupt) error.hint = warehouse::damaged_file_hint(source);
  error.where = error.where.empty() ? source : source + ": " + error.where;
  not_asked_.insert_or_assign(source, std::move(error));
}

void TraceSources::keep(const journal::Coverage& coverage) {
  const std::uint64_t damaged = std::max(coverage.damaged_blocks, journal_ ? journal_->damaged_blocks : 0);
  journal_ = coverage;
  journal_->damaged_blocks = damaged;
}

std::vector<std::string> TraceSources::journal_events(const std::string& text) {
  auto matches = journal::find_events(settings_.data_dir / journal::kFolderName, text, kTraceEventsMax);
  std::vector<std::string> events;
  if (matches) {
    keep(matches->coverage);
    more_ = more_ || matches->cut;
    for (const event::EventId& each : matches->events) events.push_back(each.hex());
  } else if (matches.error().kind != ErrorKind::not_found) {
    did_not_answer(std::string(kJournal), std::move(matches.error()));
  }
  return events;
}

std::vector<journal::History> TraceSources::histories(const std::vector<std::string>& events) {
  std::vector<event::EventId> ids;
  for (const std::string& each : events) {
    if (const auto id = id_from(each)) ids.push_back(*id);
  }
  auto found = journal::find_histories(settings_.data_dir / journal::kFolderName, ids);
  if (found) {
    keep(found->coverage);
    return std::move(found->events);
  }
  if (found.error().kind != ErrorKind::not_found) did_not_answer(std::string(kJournal), std::move(found.error()));
  return std::vector<journal::History>(ids.size());
}

// Each in a thread of its own: one that does not answer costs its own time alone.
template <class Answer, class Ask>
std::map<std::string, Answer> TraceSources::ask_tables(Ask ask) {
  std::map<std::string, base::Result<Answer>> answers;
  for (const auto& [name, table] : tables_) answers.emplace(name, Answer());
  {
    std::vector<std::jthread> asking;
    for (const auto& [name, table] : tables_) {
      asking.emplace_back([&ask, each = table.get(), answer = &answers.at(name)] { *answer = ask(*each); });
    }
  }
  std::map<std::string, Answer> rows;
  for (auto& [name, answer] : answers) {
    if (answer) {
      rows.emplace(name, std::move(*answer));
    } else {
      did_not_answer(name, std::move(answer.error()));
    }
  }
  return rows;
}

std::map<std::string, TableAnswer> TraceSources::rows(const std::vector<TableQuestion>& asked) {
  return ask_tables<TableAnswer>([&](TracedTable& table) { return table.rows(asked); });
}

std::map<std::string, std::vector<TableRow>> TraceSources::rows_of_install(const std::string& appsflyer_id) {
  auto rows =
      ask_tables<std::vector<TableRow>>([&](TracedTable& table) { return table.rows_of_install(appsflyer_id); });
  for (auto& [name, found] : rows) {
    more_ = more_ || found.size() > kTraceEventsMax;
    found.resize(std::min(found.size(), kTraceEventsMax));
  }
  return rows;
}

std::optional<WaitingAnswer> TraceSources::waiting(const WaitingQuestion& question) {
  auto answer = ask_waiting(question);
  if (!answer) {
    did_not_answer(std::string(kQueues), std::move(answer.error()));
    return std::nullopt;
  }
  more_ = more_ || answer->more;
  return std::move(*answer);
}

base::Result<WaitingAnswer> TraceSources::ask_waiting(const WaitingQuestion& question) {
  if (!stores_) {
    auto reply = control::ask(settings_.data_dir, waits_request(question));
    if (reply) return read_waits_answer(*reply);
    if (reply.error().kind != ErrorKind::not_found) return base::fail(std::move(reply.error()));
    if (auto opened = open_stores(); !opened) return base::fail(std::move(opened.error()));
  }
  proof::StoreDebts::Parts parts{.queue = stores_->queue.get(), .identity = identity_mode(settings_)};
  if (stores_->backlog) parts.backlogs.emplace(stores_->backlog->target(), stores_->backlog.get());
  return look_for_waiting(parts, question);
}

// No service runs: the files are ours as long as this object lives. What is not there is not made.
base::Status TraceSources::open_stores() {
  auto stores = std::make_unique<OwnStores>();
  if (is_here(settings_.data_dir)) {
    if (auto opened = stores->open_folder(settings_); !opened) return opened;
    if (const auto secondary = find_target(settings_, "secondary")) {
      if (auto opened = stores->open_backlog_to_count(settings_, **secondary); !opened) return opened;
    }
  }
  if (settings_.queue.driver != "sqlite" || is_here(settings_.queue.path)) {
    if (auto opened = stores->open_queue(settings_); !opened) return opened;
  }
  stores_ = std::move(stores);
  return {};
}

// `each(record)` says whether to go on.
template <class Each>
void TraceSources::each_record(quarantine::Query query, Each each) {
  query.records_max = kPageRecords;
  query.with_json = false;
  const CallLimit limit(kTraceQuarantineMax);
  auto reader = open_quarantine_reader(settings_, limit.token());
  if (!reader && reader.error().kind == ErrorKind::not_found) return;  // nothing was ever quarantined
  if (!reader) return did_not_answer(std::string(kQuarantine), std::move(reader.error()));
  for (;;) {
    auto page = (*reader)->read(query);
    if (!page) return did_not_answer(std::string(kQuarantine), std::move(page.error()));
    if (page->empty()) return;
    query.after_id = page->back().id;
    for (quarantine::Record& record : *page) {
      if (!each(record)) return;
    }
  }
}

std::vector<quarantine::Record> TraceSources::quarantined(const std::vector<std::string>& events) {
  std::vector<quarantine::Record> found;
  const auto take = [&](quarantine::Record& record) {
    if (std::ranges::find(events, record.event_id) != events.end()) found.push_back(std::move(record));
    return found.size() < kQuarantinedMax;
  };
  if (quarantine_is_far()) {
    each_record({}, take);  // once for all: it is read message by message
  } else {
    for (const std::string& event : events) each_record({.event_id = event}, take);
  }
  return found;
}

std::vector<quarantine::Record> TraceSources::quarantined_message(const std::string& message_id) {
  std::vector<quarantine::Record> found;
  each_record({}, [&](quarantine::Record& record) {
    const auto arrivals = quarantine::arrivals_of(record);
    const bool brought = std::ranges::any_of(arrivals, [&](const auto& each) { return each.message_id == message_id; });
    if (brought) found.push_back(std::move(record));
    return found.size() < kTraceEventsMax;
  });
  return found;
}

void TraceSources::finish(TraceReport& report) const {
  report.journal = journal_;
  report.more = report.more || more_;
  for (const auto& [source, error] : not_asked_) report.not_asked.push_back(error);
  for (const auto& [name, table] : tables_) {
    const auto& span = table->bounded_by();
    if (!span) continue;
    report.remarks.push_back(fmt::format("{} was looked through for event_at from {} to {} alone (--from, --to)", name,
                                         base::iso8601_ms(span->from), base::iso8601_ms(span->to)));
  }
}

}  // namespace twinshift::app
