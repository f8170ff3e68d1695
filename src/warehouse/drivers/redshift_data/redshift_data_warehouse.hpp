// One table in Redshift, through the Redshift Data API over HTTPS.
//
// Threads: one at a time, as the promise says.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "aws/client.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "warehouse/schema_access.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::warehouse {

struct RedshiftDataOptions {
  std::shared_ptr<aws::Client> client;  // of the Redshift Data API, in the warehouse's region
  // Whose database: one of cluster_identifier (with db_user, or without: the IAM identity itself) and workgroup_name;
  // secret_arn in place of db_user.
  std::string cluster_identifier;
  std::string workgroup_name;
  std::string database;
  std::string db_user;
  std::string secret_arn;
  std::string table = "appsflyer_events";  // or "schema.table"
  std::string target = "primary";          // for log lines
  std::string instance = "twinshift";      // who wrote a load marker
  // A table that somebody else made is only changed (columns added) where this says so.
  bool schema_apply = false;
  // Passed while one statement runs: it is cancelled, then looked at until its end is known.
  std::chrono::milliseconds statement_timeout{60'000};
  // One batch, or one other call, may take as long as this.
  std::chrono::milliseconds attempt_timeout{60'000};
  // The slowest pause between two looks at a statement where the endpoint knows no WaitTimeSeconds (the guide's).
  std::chrono::milliseconds look_pause_max{2'000};
  // Calls a second to this endpoint, all kinds together: an account has 30 ExecuteStatement a second in all.
  double calls_per_second_max = 10;
  const base::Clock* clock = &base::system_clock();  // must outlive the warehouse
};

// Do not connect. `invalid` where the options cannot be right.
base::Result<std::unique_ptr<Warehouse>> open_redshift_data_warehouse(RedshiftDataOptions options);
base::Result<std::unique_ptr<SchemaAccess>> open_redshift_data_schema(RedshiftDataOptions options);

}  // namespace twinshift::warehouse
