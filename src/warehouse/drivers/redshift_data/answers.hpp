// What the Data API answers, read. No I/O; any thread. Sources: the service's API model (redshift-data, 2019-12-20,
// with WaitTimeSeconds of 2026-07).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "warehouse/drivers/redshift_data/statement_run.hpp"

namespace twinshift::warehouse {

// ExecuteStatement's, BatchExecuteStatement's.
struct Submitted {
  std::string id;
  // `running` also where the endpoint does not say.
  DataStatus status = DataStatus::running;
};

// One statement of a batch.
struct SubStatement {
  std::string id;
  DataStatus status = DataStatus::running;
  std::string error;              // the server's text: may quote values of rows
  std::int64_t result_rows = -1;  // rows that it gave or wrote; -1: not told
  bool has_result_set = false;
};

// DescribeStatement's.
struct Description {
  DataStatus status = DataStatus::running;
  std::string error;  // likewise
  std::vector<SubStatement> statements;
};

// GetStatementResult's, one page.
struct ResultPage {
  using Row = std::vector<std::optional<std::string>>;
  std::vector<std::string> columns;
  std::vector<Row> rows;  // booleans as "t" and "f", as the wire spells them
  std::string next_token;
};

// Nothing where the text is no such answer: half of one, or somebody else's.
std::optional<Submitted> read_submitted(std::string_view json);
std::optional<Description> read_description(std::string_view json);
std::optional<ResultPage> read_result_page(std::string_view json);

}  // namespace twinshift::warehouse
