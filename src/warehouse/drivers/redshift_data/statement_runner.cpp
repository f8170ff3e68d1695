#include "warehouse/drivers/redshift_data/statement_runner.hpp"

#include <algorithm>
#include <utility>

#include "base/failpoint.hpp"
#include "base/log.hpp"
#include "warehouse/option_name.hpp"
#include "warehouse/schema/redshift_errors.hpp"

namespace twinshift::warehouse {
namespace {

using base::ErrorKind;
using End = StatementRun::End;

std::string where_of(const RunReport& report, const std::string& target) {
  return report.id.empty() ? target : target + ", statement " + report.id;
}

// The predecessor's words, which people look for in their logs.
std::string timeout_text(const std::string& target) {
  return "Timeout waiting for " + target + " Redshift statement to complete";
}

base::Error unknown_end(const RunReport& report, const std::string& target) {
  base::Error error{ErrorKind::unknown_outcome, timeout_text(target), where_of(report, target),
                    "It is asked for again until its end is known; nothing is written twice"};
  if (!report.error.message.empty()) {
    error.message = report.error.message + ", so it is not known whether the statement ran";
    error.where += ", " + report.error.where;
    if (!report.error.hint.empty()) error.hint = report.error.hint;
  }
  return error;
}

base::Error failed_end(const RunReport& report, const std::string& target) {
  RedshiftError read = read_redshift_error(server_text(report.description));
  return {read.kind, std::move(read.message), where_of(report, target), std::move(read.hint)};
}

}  // namespace

RunReport StatementRunner::run(const StatementRun& run, const DataRequest& request, std::string id) {
  Trip trip{run, request, {}};
  trip.report.id = std::move(id);
  for (;;) {
    const StatementRun::Next next = trip.run.next(clock_.steady());
    switch (next.what) {
      case StatementRun::Do::send:
        send(trip, next.wait);
        break;
      case StatementRun::Do::look:
        look(trip, next.wait);
        break;
      case StatementRun::Do::pause:
        pause_(next.wait);
        break;
      case StatementRun::Do::cancel:
        cancel(trip);
        break;
      case StatementRun::Do::end:
        trip.report.end = trip.run.end();
        return std::move(trip.report);
    }
  }
}

void StatementRunner::send(Trip& trip, std::chrono::milliseconds wait) {
  const base::SteadyTime begin = clock_.steady();
  auto submitted = api_.submit(trip.request, wait);
  const base::SteadyTime now = clock_.steady();
  if (submitted) {
    base::failpoint(base::Failpoint::warehouse_redshift_data_accepted);
    trip.report.id = std::move(submitted->id);
    return trip.run.sent(now, now - begin, submitted->status);
  }
  trip.report.error = std::move(submitted.error().error);
  trip.run.send_failed(now, submitted.error().trouble);
}

void StatementRunner::look(Trip& trip, std::chrono::milliseconds wait) {
  const base::SteadyTime begin = clock_.steady();
  auto described = api_.describe(trip.report.id, wait);
  const base::SteadyTime now = clock_.steady();
  if (described) {
    trip.report.description = std::move(*described);
    trip.report.error = {};
    return trip.run.looked(now, now - begin, trip.report.description.status);
  }
  trip.report.error = std::move(described.error().error);
  trip.run.look_failed(now, described.error().trouble);
}

// A right that one can do without: what is not cancelled ends by itself, or by the server's own limits.
void StatementRunner::cancel(Trip& trip) {
  auto done = api_.cancel(trip.report.id);
  trip.run.cancel_tried(clock_.steady());
  if (done || !done.error().denied || std::exchange(told_of_cancel_, true)) return;
  done.error().error.hint =
      "Allow redshift-data:CancelStatement on \"*\"; without it a slow statement runs until the cluster ends it";
  base::log::warn("Statements that take too long cannot be cancelled")
      .add("target", target_)
      .add("statementId", trip.report.id)
      .add(done.error().error);
}

std::string server_text(const Description& description) {
  const std::size_t failed = failed_statement(description);
  if (failed < description.statements.size() && !description.statements[failed].error.empty()) {
    return description.statements[failed].error;
  }
  return description.error;
}

std::size_t failed_statement(const Description& description) {
  const auto found = std::ranges::find(description.statements, DataStatus::failed, &SubStatement::status);
  return static_cast<std::size_t>(found - description.statements.begin());
}

base::Error error_of_end(const RunReport& report, const std::string& target) {
  switch (report.end) {
    case End::finished:
    case End::not_sent: {
      base::Error error = report.error;
      error.where = target + ", " + error.where;
      return error;
    }
    case End::failed:
      return failed_end(report, target);
    case End::aborted:
      return {ErrorKind::unavailable, "the statement was aborted by somebody else", where_of(report, target),
              "It is tried again by itself; look for a monitoring rule (WLM) or a person that cancels statements"};
    case End::timed_out:
      return {ErrorKind::timed_out, timeout_text(target), where_of(report, target),
              "It was cancelled and wrote nothing; it is tried again with less at a time. Raise " +
                  option_name(target, "REDSHIFT_STATEMENT_TIMEOUT") + " where the cluster is slow"};
    case End::unknown:
      return unknown_end(report, target);
  }
  return unknown_end(report, target);
}

}  // namespace twinshift::warehouse
