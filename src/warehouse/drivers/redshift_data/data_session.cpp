#include "warehouse/drivers/redshift_data/data_session.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/ids.hpp"
#include "warehouse/schema/redshift_errors.hpp"

namespace twinshift::warehouse {
namespace {

using base::ErrorKind;
using End = StatementRun::End;

constexpr std::size_t kTokenBytesMax = 64;  // API model, ClientToken
// Rows of one answer of the catalog: a table has at most 1,600 columns.
constexpr std::size_t kCatalogRowsMax = 10'000;
// Tries to fetch a page.
constexpr int kFetchTriesMax = 3;
constexpr std::chrono::milliseconds kFetchPause{200};

// What a token may hold besides letters and digits.
std::string plain(std::string_view text) {
  std::string kept;
  for (const char c : text) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    kept += good ? c : '_';
  }
  return kept;
}

SqlFailure failure_of(const RunReport& report, const std::string& target) {
  SqlFailure failure;
  failure.error = error_of_end(report, target);
  if (report.end == End::failed) {
    const RedshiftError read = read_redshift_error(server_text(report.description));
    failure.sqlstate = read.sqlstate;
    failure.already_there = read.already_there;
  }
  // Nothing here is about a row, nor is it done once only.
  const bool plain_trouble = failure.error.kind == ErrorKind::rejected ||
                             failure.error.kind == ErrorKind::unknown_outcome ||
                             failure.error.kind == ErrorKind::timed_out;
  if (plain_trouble) failure.error.kind = ErrorKind::unavailable;
  return failure;
}

}  // namespace

Pause sleeping_pause() {
  return [](std::chrono::milliseconds wait) { std::this_thread::sleep_for(wait); };
}

DataSession::DataSession(const RedshiftDataOptions& options, std::unique_ptr<DataApi> api, Pause pause)
    : options_(options),
      api_(std::move(api)),
      runner_(*api_, options.target, std::move(pause), *options.clock),
      origin_(fmt::format("{:016x}", base::random_seed())) {}

RunLimits DataSession::limits() const {
  RunLimits limits;
  limits.statement_timeout = std::min(options_.statement_timeout, options_.attempt_timeout);
  limits.look_pause_max = options_.look_pause_max;
  limits.settle_max = std::min(limits.settle_max, limits.statement_timeout);
  return limits;
}

DataRequest DataSession::request(std::vector<std::string> statements, std::string_view about) {
  DataRequest request;
  request.statements = std::move(statements);
  request.token = fmt::format("{}-{}-{}", origin_, ++requests_, plain(about)).substr(0, kTokenBytesMax);
  request.name = fmt::format("twinshift {} {}", plain(options_.instance), plain(about));
  return request;
}

RunReport DataSession::carry_out(const DataRequest& request) {
  const base::SteadyTime now = options_.clock->steady();
  return runner_.run(StatementRun(limits(), now, now + options_.attempt_timeout), request);
}

RunReport DataSession::resume(const DataRequest& request, const std::string& id) {
  const base::SteadyTime now = options_.clock->steady();
  return runner_.run(StatementRun::resumed(limits(), now, now + options_.attempt_timeout, !id.empty()), request, id);
}

DataOutcome<DataSession::Rows> DataSession::rows(const std::string& id, std::size_t rows_max) {
  Rows rows;
  std::string token;
  do {
    auto page = api_->result(id, token);
    for (int tries = 1; !page && page.error().trouble != CallTrouble::refused && tries < kFetchTriesMax; ++tries) {
      runner_.pause(kFetchPause);
      page = api_->result(id, token);
    }
    if (!page) return std::unexpected(std::move(page.error()));
    if (rows.page.columns.empty()) rows.page.columns = std::move(page->columns);
    std::ranges::move(page->rows, std::back_inserter(rows.page.rows));
    token = std::move(page->next_token);
  } while (!token.empty() && rows.page.rows.size() <= rows_max);
  rows.cut = rows.page.rows.size() > rows_max || !token.empty();
  if (rows.page.rows.size() > rows_max) rows.page.rows.resize(rows_max);
  return rows;
}

SqlOutcome<std::vector<SqlResult>> DataSession::run(std::span<const std::string> statements, base::SteadyTime) {
  const RunReport report = carry_out(request({statements.begin(), statements.end()}, "setup"));
  if (report.end != End::finished) return std::unexpected(failure_of(report, options_.target));
  return results(report);
}

SqlOutcome<std::vector<SqlResult>> DataSession::results(const RunReport& report) {
  std::vector<SqlResult> results;
  for (const SubStatement& statement : report.description.statements) {
    if (!statement.has_result_set || statement.result_rows == 0) {
      results.emplace_back();
      continue;
    }
    auto fetched = rows(statement.id, kCatalogRowsMax);
    if (!fetched) {
      SqlFailure failure;
      failure.error = std::move(fetched.error().error);
      failure.error.where = options_.target + ", statement " + statement.id + ", " + failure.error.where;
      return std::unexpected(std::move(failure));
    }
    results.emplace_back(std::move(fetched->page.rows));
  }
  return results;
}

}  // namespace twinshift::warehouse
