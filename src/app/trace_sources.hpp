// What `twinshift trace` asks, one function a source. A source that does not answer is named and passed over.
//
// One thread. Calls block up to each source's own limit.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/own_stores.hpp"
#include "app/trace_report.hpp"
#include "app/trace_tables.hpp"
#include "app/trace_waiting.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "config/settings.hpp"
#include "proof/digest.hpp"
#include "quarantine/quarantine.hpp"

namespace twinshift::app {

// Of a quarantine that stands in a queue, which is read message by message.
inline constexpr std::chrono::milliseconds kTraceQuarantineMax{30'000};

class TraceSources {
 public:
  TraceSources(const config::Settings& settings, std::optional<proof::Span> span, base::WallTime now);

  // "primary", and "secondary" where one is configured, on or off.
  [[nodiscard]] const std::vector<std::string>& targets() const { return targets_; }

  // The events of a message or an install that the journal knows.
  std::vector<std::string> journal_events(const std::string& text);
  std::vector<journal::History> histories(const std::vector<std::string>& events);
  // By target; without those that did not answer. Both are asked at the same time.
  std::map<std::string, TableAnswer> rows(const std::vector<TableQuestion>& asked);
  std::map<std::string, std::vector<TableRow>> rows_of_install(const std::string& appsflyer_id);
  // Nothing where nobody answered.
  std::optional<WaitingAnswer> waiting(const WaitingQuestion& question);
  // True where the quarantine stands in a queue: then asking takes its time.
  [[nodiscard]] bool quarantine_is_far() const { return !settings_.quarantine_queue_url.empty(); }
  std::vector<quarantine::Record> quarantined(const std::vector<std::string>& events);
  std::vector<quarantine::Record> quarantined_message(const std::string& message_id);

  // There were more events than kTraceEventsMax in some answer.
  [[nodiscard]] bool more() const { return more_; }
  // Puts what did not answer, and what the answers do not cover, into the report.
  void finish(TraceReport& report) const;

 private:
  template <class Answer, class Ask>
  std::map<std::string, Answer> ask_tables(Ask ask);
  template <class Each>
  void each_record(quarantine::Query query, Each each);
  base::Result<WaitingAnswer> ask_waiting(const WaitingQuestion& question);
  base::Status open_stores();
  void did_not_answer(const std::string& source, base::Error error);
  void keep(const journal::Coverage& coverage);

  const config::Settings settings_;
  std::vector<std::string> targets_;
  std::map<std::string, std::unique_ptr<TracedTable>> tables_;  // without those that could not be opened
  std::unique_ptr<OwnStores> stores_;                           // where no service runs, once something was asked
  std::map<std::string, base::Error> not_asked_;
  std::optional<journal::Coverage> journal_;
  bool more_ = false;
};

}  // namespace twinshift::app
