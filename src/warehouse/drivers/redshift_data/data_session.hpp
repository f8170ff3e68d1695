// What warehouse, schema and query share: statements run through the Data API, with results as text. One thread at a
// time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "warehouse/drivers/redshift_data/redshift_data_warehouse.hpp"
#include "warehouse/drivers/redshift_data/statement_runner.hpp"
#include "warehouse/schema/sql_access.hpp"

namespace twinshift::warehouse {

// Waits; a test hands in its own.
using Pause = std::function<void(std::chrono::milliseconds)>;
Pause sleeping_pause();

class DataSession final : public SqlAccess {
 public:
  // `options` must outlive the session.
  DataSession(const RedshiftDataOptions& options, std::unique_ptr<DataApi> api, Pause pause);

  // As one transaction, of at most kStatementsMax statements. For what may be done twice: where its end is not known
  // that is `unavailable`.
  SqlOutcome<std::vector<SqlResult>> run(std::span<const std::string> statements, base::SteadyTime deadline) override;

  // A request with a token that no other has had.
  DataRequest request(std::vector<std::string> statements, std::string_view about);
  RunReport carry_out(const DataRequest& request);
  // Goes on with one whose outcome was left unknown.
  RunReport resume(const DataRequest& request, const std::string& id);
  // A result's pages, until `rows_max` rows are there; `cut`: there are more.
  struct Rows {
    ResultPage page;
    bool cut = false;
  };
  DataOutcome<Rows> rows(const std::string& id, std::size_t rows_max);

  [[nodiscard]] const RedshiftDataOptions& options() const { return options_; }

 private:
  [[nodiscard]] RunLimits limits() const;
  SqlOutcome<std::vector<SqlResult>> results(const RunReport& report);

  const RedshiftDataOptions& options_;
  std::unique_ptr<DataApi> api_;
  StatementRunner runner_;
  const std::string origin_;  // of tokens: no other session has it
  std::uint64_t requests_ = 0;
};

}  // namespace twinshift::warehouse
