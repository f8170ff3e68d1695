// The calls of the Redshift Data API that we make, behind an interface so that a test can stand in for the service.
//
// One thread at a time; each call blocks until its answer, its time limit, or the governor's word.
#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "aws/client.hpp"
#include "warehouse/drivers/redshift_data/answers.hpp"
#include "warehouse/drivers/redshift_data/governor.hpp"

namespace twinshift::warehouse {

// Whose database. See RedshiftDataOptions.
struct DataApiPlace {
  std::string cluster_identifier;
  std::string workgroup_name;
  std::string database;
  std::string db_user;
  std::string secret_arn;
};

// Statements that go as one transaction.
struct DataRequest {
  std::vector<std::string> statements;
  std::string token;  // ClientToken: a repeated request with it is not carried out again (8 hours)
  std::string name;   // StatementName: for people who look at ListStatements
};

struct DataFailure {
  base::Error error;  // quotes no values of rows
  CallTrouble trouble = CallTrouble::refused;
  bool denied = false;  // for want of an IAM right
};
template <class T>
using DataOutcome = std::expected<T, DataFailure>;

class DataApi {
 public:
  virtual ~DataApi() = default;
  // `wait`: what the service may wait for the end before it answers; below a second: not at all.
  virtual DataOutcome<Submitted> submit(const DataRequest& request, std::chrono::milliseconds wait) = 0;
  virtual DataOutcome<Description> describe(const std::string& id, std::chrono::milliseconds wait) = 0;
  virtual DataOutcome<ResultPage> result(const std::string& id, const std::string& next_token) = 0;
  virtual DataOutcome<void> cancel(const std::string& id) = 0;
};

// Calls BatchExecuteStatement, DescribeStatement, GetStatementResult and CancelStatement.
std::unique_ptr<DataApi> make_data_api(std::shared_ptr<aws::Client> client, DataApiPlace place,
                                       double calls_per_second_max);

// The request of submit(), for tests and the bench.
std::string submit_body(const DataApiPlace& place, const DataRequest& request, std::chrono::seconds wait);

// What the role must be allowed to do, as lines of a policy: for hints.
std::string needed_policy();

}  // namespace twinshift::warehouse
